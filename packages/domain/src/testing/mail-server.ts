import { once } from 'node:events';
import { SMTPServer } from 'smtp-server';

/** A mail as it came over the wire. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Header lines and body, transfer encodings taken off. */
  readonly raw: string;
  readonly subject: string;
  /** First link into the web app, if there is one. */
  readonly link: string | undefined;
}

/** A real SMTP server on loopback that keeps what it is given. */
export interface MailServer {
  readonly url: string;
  readonly received: ReceivedMail[];
  /** Answers the next deliveries with this status instead of taking them. */
  refuse(status: number | undefined): void;
  close(): Promise<void>;
}

/** Starts a mail server on a free port of 127.0.0.1. */
export async function startMailServer(): Promise<MailServer> {
  const received: ReceivedMail[] = [];
  let refusal: number | undefined;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (refusal !== undefined) {
          done(Object.assign(new Error('not now'), { responseCode: refusal }));
          return;
        }
        const { mailFrom, rcptTo } = session.envelope;
        received.push(
          parse(Buffer.concat(chunks).toString('utf8'), {
            from: mailFrom ? mailFrom.address : '',
            to: rcptTo.map(recipient => recipient.address),
          }),
        );
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const address = server.server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    refuse: status => {
      refusal = status;
    },
    close: () => new Promise(resolve => server.close(() => resolve())),
  };
}

function parse(wire: string, envelope: { from: string; to: string[] }): ReceivedMail {
  const raw = wire
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return {
    ...envelope,
    raw,
    subject: /^Subject: (.*)$/m.exec(raw)?.[1]?.trim() ?? '',
    link: /^(https?:\/\/\S+)/m.exec(raw)?.[1],
  };
}
