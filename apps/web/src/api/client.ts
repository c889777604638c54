// First and also here: schemas of the contract may come in a chunk that runs before the app's own start.
import './parser.ts';
import { errorBody } from '@glacis/contract';
import type { z } from 'zod';
import { translate } from '../i18n/index.ts';
import { ApiError } from './api-error.ts';

/** Longest wait for an answer, milliseconds. */
const TIMEOUT_MS = 30_000;

/** Values of a query string; `undefined`, an empty text and an empty list are left out. */
export type QueryValues = Readonly<Record<string, string | number | readonly string[] | undefined>>;

interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly query?: QueryValues;
  readonly body?: unknown;
  /** Sent instead of a body. */
  readonly file?: Blob;
  readonly signal?: AbortSignal;
}

/** Path of something inside a tenant. */
export function tenantUrl(tenant: string, ...parts: readonly string[]): string {
  return ['/api/tenants', ...[tenant, ...parts].map(encodeURIComponent)].join('/');
}

/** Sends a request and parses the answer. @throws ApiError with the server's sentence, or ours when none came. */
export async function request<Answer extends z.ZodType>(
  answer: Answer,
  path: string,
  options: RequestOptions = {},
): Promise<z.output<Answer>> {
  const response = await send(path, options);
  const parsed = answer.safeParse(await readJson(response));
  if (!parsed.success) {
    throw new ApiError({
      status: response.status,
      code: 'client.unreadable-answer',
      message: translate('error.unreadableAnswer'),
      cause: parsed.error,
    });
  }
  return parsed.data;
}

/** Sends a file as it is and parses the answer. @throws ApiError like {@link request}. */
export async function upload<Answer extends z.ZodType>(
  answer: Answer,
  path: string,
  file: Blob,
  query: QueryValues,
): Promise<z.output<Answer>> {
  return request(answer, path, { method: 'POST', query, file });
}

/** Sends a request whose answer has no body. @throws ApiError like {@link request}. */
export async function command(path: string, options: RequestOptions): Promise<void> {
  await send(path, options);
}

async function send(path: string, options: RequestOptions): Promise<Response> {
  const { method = 'GET', query, body, file, signal } = options;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(path + queryString(query), {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(file === undefined ? {} : { 'content-type': 'text/csv' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(file === undefined ? {} : { body: file }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({
      status: 0,
      code: timeout.aborted ? 'client.timeout' : 'client.unreachable',
      message: translate(timeout.aborted ? 'error.timeout' : 'error.unreachable'),
      cause: error,
    });
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** The query string of some values with its question mark, or nothing when there are none. */
export function queryString(values: QueryValues = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    const text = Array.isArray(value) ? value.join(',') : String(value ?? '');
    if (text !== '') search.set(name, text);
  }
  return search.size > 0 ? `?${search}` : '';
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const parsed = errorBody.safeParse(await readJson(response));
  if (!parsed.success) {
    return new ApiError({
      status: response.status,
      code: 'client.unreadable-answer',
      message: translate('error.status', { status: response.status }),
    });
  }
  const { code, message, fields, requestId } = parsed.data.error;
  return new ApiError({ status: response.status, code, message, fields, requestId });
}
