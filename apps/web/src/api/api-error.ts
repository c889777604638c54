/** A request that failed: the server's sentence, or ours when no answer came (`status` 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly requestId: string | undefined;

  constructor(of: {
    status: number;
    code: string;
    message: string;
    fields?: Readonly<Record<string, string>> | undefined;
    requestId?: string | undefined;
    cause?: unknown;
  }) {
    super(of.message, { cause: of.cause });
    this.status = of.status;
    this.code = of.code;
    this.fields = of.fields ?? {};
    this.requestId = of.requestId;
  }
}

/** True when an error says that there is no valid session. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401 && error.code === 'auth.sign-in-required';
}

/** True when an error says that the sign-in does not satisfy the policy of the tenant. */
export function isOfPolicy(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'auth.policy';
}
