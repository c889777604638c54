import {
  createHttpClient,
  ctSearchOf,
  EgressError,
  newId,
  type Egress,
  type Logger,
  type NetworkProfile,
} from '@glacis/foundation';
import type { BrowserCapability, Capabilities } from '../capabilities.ts';
import type { ScopeView } from '../scanner.ts';
import { createDnsCapability } from './dns.ts';
import { createStreamCapability } from './stream.ts';
import { createTcpCapability, createTlsCapability } from './tcp.ts';

/** Says who is asking, in every HTTP request. */
export const DEFAULT_USER_AGENT = 'Glacis/0.1 (attack surface scan)';

/** What `createCapabilities` needs. */
export interface CapabilityOptions {
  readonly egress: Egress;
  readonly profile: NetworkProfile;
  readonly log: Logger;
  /** Left out where no browser can be started: then screenshots reject with EgressError `refused`. */
  readonly browser?: BrowserCapability;
  readonly userAgent?: string;
  /** Folder of the installation's templates of checks. */
  readonly templateFolder?: string;
}

/** Capabilities of one job; `close` ends every connection that they hold. */
export interface Reach {
  readonly capabilities: Capabilities;
  readonly scope: ScopeView;
  close(): Promise<void>;
}

const noBrowser: BrowserCapability = {
  screenshot() {
    return Promise.reject(new EgressError('refused', 'There is no browser on this worker.'));
  },
};

/** Builds everything a scanner may do to the world on top of one job's egress guard. */
export function createCapabilities(options: CapabilityOptions): Reach {
  const { egress, profile, log, browser = noBrowser, userAgent = DEFAULT_USER_AGENT } = options;
  const { templateFolder } = options;
  const http = createHttpClient(egress, { userAgent });
  return {
    capabilities: {
      dns: createDnsCapability(egress, { nameServerPort: profile.nameServerPort, salt: newId() }),
      tcp: createTcpCapability(egress),
      tls: createTlsCapability(egress),
      http: { request: request => http.request(request), service: request => http.service(request) },
      stream: createStreamCapability(egress, userAgent),
      browser,
      log,
      services: { ctSearchOf: domain => ctSearchOf(profile, domain) },
      installation: templateFolder === undefined ? {} : { templateFolder },
    },
    scope: { isInScope: hostOrAddress => egress.verdict(hostOrAddress).isAllowed },
    async close() {
      await http.close();
      egress.close();
    },
  };
}
