import type { Readable } from 'node:stream';
import type { Permission, Role } from '@glacis/contract';
import type { TenantId } from '@glacis/foundation';
import type { z } from 'zod';
import type { Platform } from '../platform.ts';

/** Who may call a route: anybody, anybody who is signed in, or who holds a permission in the tenant of the path. */
export type Access = 'public' | 'signed-in' | Permission;

/** Who calls. */
export interface Caller {
  readonly userId: string;
  readonly email: string;
  readonly isPlatformAdmin: boolean;
}

/** What a handler gets. `tenant` is there when the path names one and the caller belongs to it. */
export interface RouteInput<Params, Query, Body> {
  readonly platform: Platform;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller | undefined;
  readonly tenant: { readonly id: TenantId; readonly slug: string; readonly role: Role } | undefined;
  readonly address: string;
  readonly userAgent: string;
  /** The session secret of the request's cookie. */
  readonly sessionSecret: string | undefined;
  /** Starts a session in the answer, or ends it. */
  setSession(secret: string | undefined): void;
}

/** Bytes as an answer instead of JSON; a stream when there are too many to hold. */
export interface FileAnswer {
  readonly bytes: Uint8Array | Readable;
  readonly mediaType: string;
  /** Offered as a download under this name; left out: shown in place. */
  readonly fileName?: string;
}

type Schema = z.ZodType;

/** A route as plain data: the server builds it, the OpenAPI document describes it, the permission walk tests it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly access: Access;
  readonly summary: string;
  readonly params?: Schema;
  readonly query?: Schema;
  readonly body?: Schema;
  /** Schema of the JSON answer, `file` for bytes, `none` for 204. */
  readonly answer: Schema | 'file' | 'none';
  readonly status?: number;
  handle(input: RouteInput<unknown, unknown, unknown>): Promise<unknown>;
}

type Out<S> = S extends Schema ? z.output<S> : undefined;
type Answer<S> = S extends Schema ? z.input<S> : S extends 'file' ? FileAnswer : void;

/** Declares a route with the types of its schemas. */
export function route<
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
  A extends Schema | 'file' | 'none' = 'none',
>(of: {
  method: Route['method'];
  url: string;
  access: Access;
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  answer: A;
  status?: number;
  handle(input: RouteInput<Out<P>, Out<Q>, Out<B>>): Promise<Answer<A>>;
}): Route {
  return of as unknown as Route;
}
