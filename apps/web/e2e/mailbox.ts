import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { SMTPServer } from 'smtp-server';

const MAIL_TIMEOUT_MS = 30_000;

/** A real mail server on loopback that keeps the links of what it is given. */
export interface Mailbox {
  readonly url: string;
  /** The link of the newest mail to an address. @throws Error when none comes in time. */
  linkTo(address: string): Promise<string>;
  close(): Promise<void>;
}

/** Starts a mail server on a free port of 127.0.0.1. */
export async function startMailbox(): Promise<Mailbox> {
  const links = new Map<string, string>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        // Quoted-printable: soft line breaks go, =3D is the equals sign.
        const text = Buffer.concat(chunks)
          .toString('utf8')
          .replace(/=\r?\n/g, '')
          .replaceAll('=3D', '=');
        const link = /^https?:\/\/\S+/m.exec(text)?.[0];
        for (const { address } of session.envelope.rcptTo) if (link) links.set(address, link);
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const address = server.server.address();
  return {
    url: `smtp://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    linkTo: async to => {
      const deadline = Date.now() + MAIL_TIMEOUT_MS;
      for (;;) {
        const link = links.get(to);
        if (link) return link;
        if (Date.now() > deadline) throw new Error(`no mail came to ${to}`);
        await delay(100);
      }
    },
    close: () => new Promise(resolve => server.close(() => resolve())),
  };
}
