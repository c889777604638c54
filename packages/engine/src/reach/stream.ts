import { EgressError, parseHost, type Egress } from '@glacis/foundation';
import type { StreamCapability } from '../capabilities.ts';

/** Builds the stream capability of one job. */
export function createStreamCapability(egress: Egress, userAgent: string): StreamCapability {
  return {
    userAgent,
    async open({ host, port, timeoutMs, tls }) {
      if (!tls) return egress.connect({ host, port, timeoutMs });
      const named = parseHost(tls.serverName ?? host);
      const serverName = named?.kind === 'name' ? { serverName: named.value } : {};
      return egress.connectTls({ host, port, timeoutMs, tls: { ...serverName, alpn: ['http/1.1'] } });
    },
    async admit(host) {
      const [address] = await egress.addressesOf(host);
      if (address === undefined) throw new EgressError('unresolvable', `${host} has no address.`);
      await egress.take(address, 1);
    },
  };
}
