import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startOastServer } from '../oast/server.ts';
import { UsageError } from './flags.ts';

const HELP = `glacis-checks oast --domain NAME [--listen ADDRESS] [--ip ADDRESS] [--http PORT] [--dns PORT] [--smtp PORT] [--ldap PORT] [--token SECRET]
An out-of-band server of the interactsh protocol. Delegate the domain to this machine; port 0 leaves a listener out.
`;

function portOf(text: string | undefined, fallback: number): number | undefined {
  const port = text === undefined ? fallback : Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`${text ?? ''} is not a port`);
  return port === 0 ? undefined : port;
}

/** Runs `glacis-checks oast` until it is stopped. */
export async function runOastCommand(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      domain: text,
      listen: text,
      ip: text,
      http: text,
      dns: text,
      smtp: text,
      ldap: text,
      token: text,
      help: { type: 'boolean' },
    },
  });
  if (values.help === true || values.domain === undefined) {
    process.stdout.write(HELP);
    return values.help === true ? 0 : 1;
  }
  const listen = values.listen ?? '0.0.0.0';
  const [http, dns, smtp, ldap] = [
    portOf(values.http, 80),
    portOf(values.dns, 53),
    portOf(values.smtp, 25),
    portOf(values.ldap, 389),
  ];
  const server = await startOastServer({
    domain: values.domain.toLowerCase(),
    listen,
    ip: values.ip ?? (listen === '0.0.0.0' ? '127.0.0.1' : listen),
    token: values.token ?? '',
    ...(http === undefined ? {} : { httpPort: http }),
    ...(dns === undefined ? {} : { dnsPort: dns }),
    ...(smtp === undefined ? {} : { smtpPort: smtp }),
    ...(ldap === undefined ? {} : { ldapPort: ldap }),
  });
  process.stdout.write(`${JSON.stringify({ domain: values.domain, ...server.ports })}\n`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await server.close();
  return 0;
}
