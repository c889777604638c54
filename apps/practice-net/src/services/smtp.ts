import type { Socket } from 'node:net';
import { onLine } from './lines.ts';

/** Speaks SMTP up to the envelope; mail for other hosts is refused, and none is taken. */
export function serveSmtp(socket: Socket, service: { readonly host: string }): void {
  const send = (text: string): void => void socket.write(`${text}\r\n`);
  send(`220 ${service.host} ESMTP Postfix (Debian/GNU)`);
  onLine(socket, line => {
    const command = line.trim().split(' ', 1)[0]?.toUpperCase();
    switch (command) {
      case 'EHLO':
        send(
          `250-${service.host}\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME`,
        );
        return;
      case 'HELO':
        send(`250 ${service.host}`);
        return;
      case 'MAIL':
      case 'RSET':
      case 'NOOP':
        send(command === 'MAIL' ? '250 2.1.0 Ok' : '250 2.0.0 Ok');
        return;
      case 'RCPT':
        send('554 5.7.1 Relay access denied');
        return;
      case 'VRFY':
        send('252 2.0.0 Cannot VRFY user');
        return;
      case 'DATA':
        send('503 5.5.1 Error: need RCPT command');
        return;
      case 'QUIT':
        send('221 2.0.0 Bye');
        socket.end();
        return;
      default:
        send('502 5.5.2 Error: command not recognized');
    }
  });
}
