import { addHost, LABS, MAIN, OPENSSH } from './draft.ts';
import type { Draft } from './draft.ts';

/** A name server of the practice organisation. */
export interface NameServer {
  readonly name: string;
  /** Last octet of its address. */
  readonly lastOctet: number;
  /** Zones it hands out whole to anybody. */
  readonly transfers: readonly string[];
}

/** All of them; exactly one allows transfers, of exactly one zone. */
export const nameServers: readonly NameServer[] = [
  { name: `ns1.${MAIN}`, lastOctet: 53, transfers: [] },
  { name: `ns2.${MAIN}`, lastOctet: 54, transfers: [] },
  { name: `ns3.${LABS}`, lastOctet: 55, transfers: [LABS] },
];

/** Address of a name server in the granted range. */
export function nameServerAddress(block: number, server: NameServer): string {
  return `127.${block}.0.${server.lastOctet}`;
}

/** Adds the machines on which the name servers run. */
export function addNameServers(draft: Draft): void {
  for (const server of nameServers) {
    const foundBy = server.name.endsWith(LABS)
      ? (['dns-resolve', 'dns-axfr'] as const)
      : (['dns-resolve', 'dns-brute'] as const);
    addHost(
      draft,
      nameServerAddress(draft.plan.block, server),
      [[server.name, foundBy]],
      server.lastOctet === 53 ? [] : [{ kind: 'ssh', port: 2222, software: OPENSSH }],
    );
  }
}
