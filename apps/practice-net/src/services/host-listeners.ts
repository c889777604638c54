import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { unprivilegedTcpPorts } from '../ports.ts';
import type { CertificateStore } from '../tls/certificate.ts';
import { createWebServer } from '../web/serve.ts';
import type { Host, Service, WebService } from '../world/world.ts';
import { serveFtp } from './ftp.ts';
import type { Listening } from './listeners.ts';
import { serveMysql } from './mysql.ts';
import { serveHoneypot, serveLineProtocol, serveReset, serveSilence } from './odd.ts';
import { serveRedis } from './redis.ts';
import { serveSmtp } from './smtp.ts';
import { serveSsh } from './ssh.ts';
import { TlsAcceptor } from './tls.ts';

/** A connection on which nothing moves is closed after this time. */
const IDLE_MS = 60_000;

type Handler = (socket: Socket) => void;

/** What to listen on for the given hosts: one entry for each port of each address, and nothing on any other port. */
export function hostListeners(hosts: readonly Host[], store: CertificateStore): readonly Listening[] {
  const acceptor = new TlsAcceptor(store);
  const sites = new WeakMap<Socket, { service: WebService; isTls: boolean }>();
  const web = createWebServer((request: IncomingMessage) => sites.get(request.socket));
  const serveWeb = (socket: Socket, service: WebService, isTls: boolean): void => {
    sites.set(socket, { service, isTls });
    web.emit('connection', socket);
  };
  return hosts.flatMap(host => {
    if (host.isHoneypot === true) {
      return unprivilegedTcpPorts.map(port => ({
        address: host.address,
        port,
        handle: withTimeout(serveHoneypot),
        // Something else on this machine may hold a port on all addresses; the others still tell what this host is.
        isOptional: true,
      }));
    }
    return host.services.map(service => ({
      address: host.address,
      port: service.port,
      handle: handlerOf(service, acceptor, serveWeb),
    }));
  });
}

function withTimeout(handler: Handler): Handler {
  return socket => {
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    handler(socket);
  };
}

function handlerOf(
  service: Service,
  acceptor: TlsAcceptor,
  serveWeb: (socket: Socket, service: WebService, isTls: boolean) => void,
): Handler {
  switch (service.kind) {
    case 'web': {
      const { certificates } = service;
      if (certificates === undefined) return socket => serveWeb(socket, service, false);
      return socket => acceptor.accept(socket, certificates, secured => serveWeb(secured, service, true));
    }
    case 'tls-line':
      return withTimeout(socket => acceptor.accept(socket, service.certificates, serveLineProtocol));
    case 'ssh':
      return withTimeout(socket => serveSsh(socket, service));
    case 'ftp':
      return withTimeout(socket => serveFtp(socket, service));
    case 'smtp':
      return withTimeout(socket => serveSmtp(socket, service));
    case 'redis':
      return withTimeout(socket => serveRedis(socket, service));
    case 'mysql':
      return withTimeout(socket => serveMysql(socket, service));
    case 'silent':
      return withTimeout(serveSilence);
    case 'reset':
      return withTimeout(serveReset);
    default:
      return service satisfies never;
  }
}
