import { createSocket } from 'node:dgram';
import type { Socket as DatagramSocket } from 'node:dgram';
import { z } from 'zod';
import { defaultTcpPorts, trapUdpPorts } from './ports.ts';
import { Listeners } from './services/listeners.ts';
import type { Bystander } from './world/world.ts';

/** What arrived at one address that must not be touched. */
export const bystanderCount = z.object({
  name: z.string().max(253),
  address: z.string().max(45),
  tcpConnections: z.number().int().min(0),
  udpDatagrams: z.number().int().min(0),
  /** How much of it came to which port, as `8080/tcp`. */
  ports: z.record(z.string().max(20), z.number().int().min(0)),
});
export type BystanderCount = z.infer<typeof bystanderCount>;

/** The counters of a network, as its control address gives them. */
export const counters = z.object({
  /** Connections and datagrams at all bystanders together. */
  total: z.number().int().min(0),
  /** Queries that the practice name servers have answered. */
  dnsQueries: z.number().int().min(0),
  bystanders: z.array(bystanderCount).max(1000),
  /** TCP ports from 1024 on that could not be watched, because something else on this machine holds them. */
  unwatchedPorts: z.array(z.number().int()).max(1000).default([]),
});
export type Counters = z.output<typeof counters>;

interface MutableCount {
  readonly name: string;
  readonly address: string;
  tcpConnections: number;
  udpDatagrams: number;
  readonly ports: Map<string, number>;
}

/** Sits at the bystanders' addresses and counts what arrives; it never answers. */
export class BystanderTraps {
  readonly #listeners = new Listeners();
  readonly #sockets: DatagramSocket[] = [];
  readonly #counts: MutableCount[];
  readonly #dnsPort: number;

  constructor(bystanders: readonly Bystander[], dnsPort: number) {
    this.#dnsPort = dnsPort;
    this.#counts = bystanders.map(({ name, address }) => ({
      name,
      address,
      tcpConnections: 0,
      udpDatagrams: 0,
      ports: new Map(),
    }));
  }

  /** Opens the default TCP ports (each one where the system allows it), the DNS port and some UDP ports. */
  async open(): Promise<void> {
    const tcpPorts = [...defaultTcpPorts, this.#dnsPort];
    await this.#listeners.open(
      this.#counts.flatMap(count =>
        tcpPorts.map(port => ({
          address: count.address,
          port,
          isOptional: true,
          handle: socket => {
            count.tcpConnections += 1;
            bump(count.ports, `${port}/tcp`);
            socket.destroy();
          },
        })),
      ),
    );
    const udpPorts = [...trapUdpPorts, this.#dnsPort];
    await Promise.all(this.#counts.flatMap(count => udpPorts.map(port => this.#openUdp(count, port))));
  }

  /** What has arrived so far. */
  read(): readonly BystanderCount[] {
    return this.#counts.map(count => ({ ...count, ports: Object.fromEntries(count.ports) }));
  }

  /** Ports from 1024 on that are not watched at every bystander. */
  unwatchedPorts(): readonly number[] {
    const ports = this.#listeners.skipped.map(({ port }) => port).filter(port => port >= 1024);
    return [...new Set(ports)];
  }

  /** Closes every port. */
  async close(): Promise<void> {
    await this.#listeners.close();
    await Promise.all(
      this.#sockets.map(socket => new Promise<void>(resolve => socket.close(() => resolve()))),
    );
  }

  #openUdp(count: MutableCount, port: number): Promise<void> {
    const socket = createSocket('udp4');
    socket.on('message', () => {
      count.udpDatagrams += 1;
      bump(count.ports, `${port}/udp`);
    });
    return new Promise(resolve => {
      // Something else on this machine (a name service for the local network) may hold the port.
      socket.once('error', () => {
        socket.close();
        resolve();
      });
      socket.bind(port, count.address, () => {
        this.#sockets.push(socket);
        resolve();
      });
    });
  }
}

function bump(ports: Map<string, number>, key: string): void {
  ports.set(key, (ports.get(key) ?? 0) + 1);
}
