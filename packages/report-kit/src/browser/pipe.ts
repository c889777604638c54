import type { Readable, Writable } from 'node:stream';

type Json = Record<string, unknown>;
type Listener = (params: Json, sessionId: string | undefined) => void;

interface Pending {
  readonly resolve: (result: Json) => void;
  readonly reject: (error: Error) => void;
  readonly method: string;
}

/** The pipe as another protocol client takes it: whole messages in and out, numbered by that client. */
export interface RawTransport {
  send(message: object): void;
  close(): void;
  onmessage?: (message: object) => void;
  onclose?: (reason?: string) => void;
}

/** Chromium's debugging protocol over two file descriptors: no port that another process could reach. */
export class ProtocolPipe {
  readonly #input: Writable;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<string, Set<Listener>>();
  #chunks: Buffer[] = [];
  #nextId = 1;
  #closedBecause: Error | undefined;
  #transport: RawTransport | undefined;

  constructor(input: Writable, output: Readable) {
    this.#input = input;
    input.on('error', error => this.#close(error));
    output.on('data', (chunk: Buffer) => this.#receive(chunk));
    output.on('error', error => this.#close(error));
    output.on('close', () => this.#close(new Error('The browser has ended.')));
  }

  /** Sends one command and resolves with its result; rejects with the protocol's error or when the browser ends. */
  async send(method: string, params: Json = {}, sessionId?: string): Promise<Json> {
    if (this.#closedBecause) throw this.#closedBecause;
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, method });
      const message = sessionId === undefined ? { id, method, params } : { id, method, params, sessionId };
      this.#input.write(`${JSON.stringify(message)}\0`);
    });
  }

  /** Resolves when the browser has been handed all that was sent. */
  async flushed(): Promise<void> {
    while (this.#input.writableNeedDrain && !this.#closedBecause)
      await new Promise<void>(resolve => {
        this.#input.once('drain', resolve);
        this.#input.once('close', resolve);
      });
  }

  /** Calls `listener` for each event of that name, in any session; returns the function that stops it. */
  on(event: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Hands the pipe to another client; this object's own `send` must not be used after that. */
  transport(): RawTransport {
    const transport: RawTransport = {
      send: message => this.#input.write(`${JSON.stringify(message)}\0`),
      close: () => this.#close(new Error('The browser was closed.')),
    };
    this.#transport = transport;
    return transport;
  }

  #receive(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, from)) {
      this.#chunks.push(chunk.subarray(from, end));
      const text = Buffer.concat(this.#chunks).toString('utf8');
      this.#chunks = [];
      from = end + 1;
      this.#dispatch(text);
    }
    if (from < chunk.length) this.#chunks.push(chunk.subarray(from));
  }

  #dispatch(text: string): void {
    const transport = this.#transport;
    if (transport) {
      const parsed: unknown = JSON.parse(text);
      // One message per task: Playwright attaches listeners in the continuation of a reply and would miss an event that
      // is handed over in the same task as the reply.
      setImmediate(() => {
        if (typeof parsed === 'object' && parsed !== null) transport.onmessage?.(parsed);
      });
      return;
    }
    const message = JSON.parse(text) as {
      id?: number;
      method?: string;
      params?: Json;
      result?: Json;
      error?: { message?: string };
      sessionId?: string;
    };
    if (message.id === undefined) {
      for (const listener of this.#listeners.get(message.method ?? '') ?? [])
        listener(message.params ?? {}, message.sessionId);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    this.#pending.delete(message.id);
    if (message.error) pending.reject(new Error(`${pending.method}: ${message.error.message ?? 'refused'}`));
    else pending.resolve(message.result ?? {});
  }

  #close(error: Error): void {
    if (this.#closedBecause) return;
    this.#closedBecause = error;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    this.#transport?.onclose?.(error.message);
    for (const listener of this.#listeners.get('closed') ?? [])
      listener({ reason: error.message }, undefined);
  }
}
