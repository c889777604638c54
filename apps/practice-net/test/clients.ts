import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const TIMEOUT_MS = 8000;

/** Whether something accepts connections there. */
export function isOpen(address: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A conversation: waits for text that matches, sends text. */
export class Conversation {
  readonly socket: Socket;
  received = '';
  isClosed = false;
  error: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(address: string, port: number) {
    this.socket = connect(port, address);
    this.socket.on('data', chunk => {
      this.received += chunk.toString('latin1');
      this.#wake();
    });
    this.socket.on('error', error => (this.error = error));
    this.socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** Waits until the text received so far matches, and forgets it. */
  async until(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + TIMEOUT_MS;
    while (!pattern.test(this.received)) {
      if (this.isClosed || Date.now() > deadline) {
        throw new Error(`${String(pattern)} not in ${JSON.stringify(this.received)}`);
      }
      await this.#change(deadline);
    }
    const text = this.received;
    this.received = '';
    return text;
  }

  /** Waits until the other side has closed. */
  async closed(): Promise<void> {
    const deadline = Date.now() + TIMEOUT_MS;
    while (!this.isClosed) {
      if (Date.now() > deadline) throw new Error('still open');
      await this.#change(deadline);
    }
  }

  async #change(deadline: number): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, Math.max(1, deadline - Date.now()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** A response, its body cut at a megabyte. */
export interface Response {
  readonly status: number;
  /** Field names and values in turn, as sent. */
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const MOST_BYTES = 1024 * 1024;

/** Requests a URL from a given address, with the URL's host in Host and SNI; follows nothing, verifies nothing. */
export function get(address: string, url: string, method = 'GET'): Promise<Response> {
  const { protocol, hostname, port, host, pathname, search } = new URL(url);
  const options = {
    host: address,
    port: Number(port),
    path: `${pathname}${search}`,
    method,
    headers: { host },
    agent: false as const,
    timeout: TIMEOUT_MS,
  };
  return new Promise((resolve, reject) => {
    const receive = (response: IncomingMessage): void => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          rawHeaders: response.rawHeaders,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        });
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > MOST_BYTES) {
          finish();
          response.destroy();
        }
      });
      response.on('end', finish);
      response.on('error', reject);
    };
    const request =
      protocol === 'https:'
        ? httpsRequest({ ...options, servername: hostname, rejectUnauthorized: false }, receive)
        : httpRequest(options, receive);
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
    request.end();
  });
}
