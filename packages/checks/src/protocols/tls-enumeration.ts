import type { Duplex } from 'node:stream';
import type { Transport } from '../http/transport.ts';
import { CIPHER_SUITES, strengthOf } from './cipher-suites.ts';
import type { CipherStrength } from './cipher-suites.ts';
import { enumerationHello } from './jarm-hello.ts';
import { firstRecord, readJarmAnswer } from './jarm.ts';

/** Versions of TLS under the names that templates use, with their bytes. */
const VERSIONS = { tls10: '0301', tls11: '0302', tls12: '0303', tls13: '0304' } as const;
/** A version of TLS as templates name it. */
export type TlsVersionName = keyof typeof VERSIONS;
const NAMES: readonly TlsVersionName[] = ['tls10', 'tls11', 'tls12', 'tls13'];
/** Connections for one server; the known suites of four versions need fewer. */
const MAX_CONNECTIONS = 250;
/** Milliseconds for one server, however slowly it answers. */
const MAX_MS = 60_000;

/** Suites of one version by strength. */
export type SuitesByStrength = Readonly<Record<CipherStrength, readonly string[]>>;

/** What a server takes. */
export interface TlsEnumeration {
  readonly versions: readonly TlsVersionName[];
  /** Suites of each version; empty unless they were asked for. */
  readonly suites: readonly { readonly version: TlsVersionName; readonly suites: SuitesByStrength }[];
}

/** How an enumeration reaches its server. */
export interface EnumerationOptions {
  readonly transport: Transport;
  readonly host: string;
  readonly port: number;
  readonly sni: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Waited for before each connection. */
  readonly acquire: () => Promise<void>;
  readonly hasSuites: boolean;
  /** Strengths that are listed; all when empty. */
  readonly strengths: readonly string[];
}

const isTls13 = (code: string): boolean => code.startsWith('13');

class Enumeration {
  private readonly options: EnumerationOptions;
  private connections = 0;
  private readonly deadline = performance.now() + MAX_MS;

  constructor(options: EnumerationOptions) {
    this.options = options;
  }

  /** The suite the server chooses of those offered; undefined when it refuses the version or all of them. */
  private async chosen(version: TlsVersionName, offered: readonly string[]): Promise<string | undefined> {
    const { transport, host, port, sni, timeoutMs, signal } = this.options;
    const isSpent = this.connections >= MAX_CONNECTIONS || performance.now() > this.deadline;
    if (isSpent || offered.length === 0 || signal?.aborted === true) return undefined;
    this.connections += 1;
    await this.options.acquire();
    const stream: Duplex = await transport.connect(host, port, {
      isTls: false,
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
    const hello = enumerationHello(VERSIONS[version], offered, sni ?? host);
    const answer = readJarmAnswer(await firstRecord(stream, hello, timeoutMs));
    const isVersion13 = answer.extensions.split('-').includes('002b');
    const got = isVersion13 ? '0304' : answer.version;
    return got === VERSIONS[version] && offered.includes(answer.cipher) ? answer.cipher : undefined;
  }

  private async suitesOf(version: TlsVersionName): Promise<SuitesByStrength> {
    let left = [...CIPHER_SUITES.keys()].filter(code => isTls13(code) === (version === 'tls13'));
    const found: Record<CipherStrength, string[]> = { weak: [], insecure: [], secure: [] };
    for (
      let code = await this.chosen(version, left);
      code !== undefined;
      code = await this.chosen(version, left)
    ) {
      const taken = code;
      const name = CIPHER_SUITES.get(taken) ?? taken;
      found[strengthOf(name)].push(name);
      left = left.filter(other => other !== taken);
    }
    const { strengths } = this.options;
    const isListed = (strength: CipherStrength): boolean =>
      strengths.length === 0 || strengths.includes('all') || strengths.includes(strength);
    const listed = (strength: CipherStrength): string[] => (isListed(strength) ? found[strength].sort() : []);
    return { weak: listed('weak'), insecure: listed('insecure'), secure: listed('secure') };
  }

  async run(): Promise<TlsEnumeration> {
    const versions: TlsVersionName[] = [];
    const suites: { version: TlsVersionName; suites: SuitesByStrength }[] = [];
    for (const version of NAMES) {
      const all = [...CIPHER_SUITES.keys()].filter(code => isTls13(code) === (version === 'tls13'));
      if ((await this.chosen(version, all)) === undefined) continue;
      versions.push(version);
      if (this.options.hasSuites) suites.push({ version, suites: await this.suitesOf(version) });
    }
    return { versions, suites };
  }
}

/**
 * Finds the versions and suites of TLS that a server takes, by offering all and leaving out what it has chosen until it refuses.
 * The hellos are written here, so that suites this machine's TLS no longer speaks are found too. Rejects when a connection fails.
 */
export function enumerateTls(options: EnumerationOptions): Promise<TlsEnumeration> {
  return new Enumeration(options).run();
}
