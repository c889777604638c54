/** What a scan may touch; decided by the domain layer when a job starts and never widened by what is found. */
export interface ScopeRules {
  /** Domains that are ours: the name itself and everything below it. */
  readonly domains: readonly string[];
  /** Address ranges (CIDR) that are targets in their own right. */
  readonly networks: readonly string[];
  /** Names (with everything below) and CIDRs that are out, whatever else says. */
  readonly excluded: readonly string[];
  /** Private ranges that the platform's operator lets scans of these domains touch. */
  readonly allowedPrivateRanges: readonly string[];
}

/** Waits until `count` connections or datagrams may go to an address; the budget is shared by all tenants and workers. */
export interface AddressBudget {
  take(address: string, count: number, signal: AbortSignal): Promise<void>;
}

/** Why the guard did not let something out, or why it could not be reached. */
export type EgressErrorCode =
  | 'out-of-scope'
  | 'forbidden-address'
  | 'unresolvable'
  | 'refused'
  | 'timeout'
  | 'reset'
  | 'protocol'
  | 'limit'
  | 'cancelled';

/** Thrown by everything that opens a socket. */
export class EgressError extends Error {
  readonly code: EgressErrorCode;
  constructor(code: EgressErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EgressError';
    this.code = code;
  }
}
