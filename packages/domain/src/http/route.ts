import type { Readable } from 'node:stream';
import type { Permission } from '@glacis/contract';
import type { z } from 'zod';
import type { AuditNote } from '../audit/trail.ts';
import type { Caller, RouteTenant } from '../identity/caller.ts';
import type { FlowKind } from '../identity/flow.ts';
import type { Platform } from '../platform.ts';

/** Who may call a route: anybody, anybody who is signed in, or who holds a permission in the tenant of the path. */
export type Access = 'public' | 'signed-in' | Permission;

/** The secrets by which ways through several steps are bound to a browser. */
export interface FlowCookies {
  secretOf(kind: FlowKind): string | undefined;
  set(kind: FlowKind, secret: string | undefined): void;
}

/** What a handler gets. `tenant` is there when the path names one and the caller belongs to it. */
export interface RouteInput<Params, Query, Body> {
  readonly platform: Platform;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The file of a route that takes one; reading more than its limit throws. */
  readonly upload: AsyncIterable<Uint8Array>;
  readonly caller: Caller | undefined;
  readonly tenant: RouteTenant | undefined;
  readonly address: string;
  readonly requestId: string;
  readonly userAgent: string;
  /** The session secret of the request's cookie; undefined when the request came with a token. */
  readonly sessionSecret: string | undefined;
  /** The versions that a change is meant for (If-Match); undefined: any. */
  readonly ifMatch: string | undefined;
  /** Cookies of ways to sign in that take several steps. */
  readonly flow: FlowCookies;
  /** Adds to the audit record of this call: what it is about, and facts that may be recorded. Never a secret. */
  note(more: AuditNote): void;
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
  /** Lets tokens call a `signed-in` route; without it only sessions may. Routes of a permission ask the scopes instead. */
  readonly allowsTokens?: boolean;
  /** Lets sessions that a tenant's identity provider vouched for call a `signed-in` route outside of tenants. */
  readonly allowsProviders?: boolean;
  /** Takes nothing but a tenant's own token whose only scope is the permission of the route. */
  readonly isForService?: boolean;
  /** Speaks SCIM (RFC 7644): media type, entity tags and errors are of its form. */
  readonly dialect?: 'scim';
  /** Needs a sign-in of the last minutes, or a token with the scope `dangerous`. */
  readonly isDangerous?: boolean;
  /**
   * Name of what it does, for the audit log; left out, it is made of path and method. Changes are always recorded, reading
   * only with a name given here.
   */
  readonly action?: string;
  readonly summary: string;
  readonly params?: Schema;
  readonly query?: Schema;
  readonly body?: Schema;
  /** Takes a text file instead of a JSON body, piece by piece, up to this size. */
  readonly upload?: { readonly maxBytes: number };
  /** Schema of the JSON answer, `file` for bytes, `none` for 204. */
  readonly answer: Schema | 'file' | 'none';
  readonly status?: number;
  /** Media types of a `file`. */
  readonly fileTypes?: readonly string[];
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
  allowsTokens?: boolean;
  allowsProviders?: boolean;
  isForService?: boolean;
  dialect?: 'scim';
  isDangerous?: boolean;
  action?: string;
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  upload?: { readonly maxBytes: number };
  answer: A;
  status?: number;
  fileTypes?: readonly string[];
  handle(input: RouteInput<Out<P>, Out<Q>, Out<B>>): Promise<Answer<A>>;
}): Route {
  return of as unknown as Route;
}
