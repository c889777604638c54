import { certificateFor } from '../tls/certificate.ts';
import type { Site } from '../world/site.ts';
import type { CertificateSpec, Host, HostName, Service, World } from '../world/world.ts';

/** A host name at one open HTTP or TLS port of one of its addresses. */
export interface Endpoint {
  readonly name: HostName;
  readonly host: Host;
  readonly service: Extract<Service, { kind: 'web' | 'tls-line' }>;
  /** `host:port`. */
  readonly key: string;
  /** Presented to a client that asks for the name; undefined without TLS. */
  readonly certificate: CertificateSpec | undefined;
  /** The site that the name gets; undefined where there is no HTTP. */
  readonly website: { readonly key: string; readonly site: Site; readonly isTls: boolean } | undefined;
}

/** What can be seen from outside, worked out once from the world. */
export interface Surface {
  readonly world: World;
  /** Hosts that a name of the organisation leads to. */
  readonly hosts: readonly Host[];
  readonly endpoints: readonly Endpoint[];
  /** Addresses of a name inside the granted range, its alias followed. */
  addressesOf(name: HostName): readonly string[];
}

/** True when the scan may touch the address. */
export function isGranted(world: World, address: string): boolean {
  const [first, second] = address.split('.').map(Number);
  return (
    first === 127 && second !== undefined && second >= world.plan.block && second < world.plan.block + 16
  );
}

function endpointOf(
  name: HostName,
  host: Host,
  service: Extract<Service, { kind: 'web' | 'tls-line' }>,
): Endpoint {
  const key = `${name.name}:${service.port}`;
  const certificate =
    service.certificates === undefined ? undefined : certificateFor(service.certificates, name.name);
  const isTls = certificate !== undefined;
  const website =
    service.kind === 'web'
      ? {
          key: `${isTls ? 'https' : 'http'}://${key}`,
          site: service.sitesByHost?.[name.name] ?? service.site,
          isTls,
        }
      : undefined;
  return { name, host, service, key, certificate, website };
}

/** Works out which hosts and endpoints the organisation's names lead to. */
export function surfaceOf(world: World): Surface {
  const names = new Map(world.names.map(name => [name.name, name]));
  const hosts = new Map(world.hosts.map(host => [host.address, host]));
  const addressesOf = (name: HostName): readonly string[] => {
    const target = name.alias === undefined ? name : names.get(name.alias);
    return (target?.addresses ?? []).filter(address => isGranted(world, address));
  };
  const seen = new Set<Host>();
  const endpoints: Endpoint[] = [];
  for (const name of world.names) {
    for (const address of addressesOf(name)) {
      const host = hosts.get(address);
      if (host === undefined) continue;
      seen.add(host);
      for (const service of host.services) {
        if (service.kind === 'web' || service.kind === 'tls-line') {
          endpoints.push(endpointOf(name, host, service));
        }
      }
    }
  }
  return { world, hosts: world.hosts.filter(host => seen.has(host)), endpoints, addressesOf };
}
