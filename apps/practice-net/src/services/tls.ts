import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { certificateFor } from '../tls/certificate.ts';
import type { CertificateStore } from '../tls/certificate.ts';
import type { CertificateSpec } from '../world/world.ts';

/** A client that has not finished the handshake by then is dropped. */
const HANDSHAKE_MS = 10_000;

/** Makes TLS connections out of TCP ones, with the certificate for the name that the client asks for. */
export class TlsAcceptor {
  readonly #store: CertificateStore;
  readonly #contexts = new Map<string, SecureContext>();

  constructor(store: CertificateStore) {
    this.#store = store;
  }

  /** Starts the server side of the handshake and calls back with the secured connection. */
  accept(
    socket: Socket,
    certificates: readonly CertificateSpec[],
    onSecure: (secured: TLSSocket) => void,
  ): void {
    const fallback = certificates[0];
    if (fallback === undefined) {
      socket.destroy();
      return;
    }
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#context(fallback),
      SNICallback: (name, callback) => {
        callback(null, this.#context(certificateFor(certificates, name.toLowerCase()) ?? fallback));
      },
    });
    const timer = setTimeout(() => secured.destroy(), HANDSHAKE_MS);
    secured.on('error', () => secured.destroy());
    secured.on('close', () => clearTimeout(timer));
    socket.on('close', () => secured.destroy());
    secured.once('secure', () => {
      clearTimeout(timer);
      onSecure(secured);
    });
  }

  #context(spec: CertificateSpec): SecureContext {
    const known = this.#contexts.get(spec.id);
    if (known !== undefined) return known;
    const certificate = this.#store.get(spec);
    const context = createSecureContext({ cert: certificate.pem(), key: certificate.keyPem() });
    this.#contexts.set(spec.id, context);
    return context;
  }
}
