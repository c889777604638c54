import type { Socket } from 'node:net';
import { onLine } from './lines.ts';

/** Speaks FTP's control connection: log-in and the commands that change nothing. */
export function serveFtp(
  socket: Socket,
  service: { readonly software: string; readonly isAnonymousAllowed: boolean },
): void {
  const send = (text: string): void => void socket.write(`${text}\r\n`);
  let user = '';
  let isIn = false;
  send(`220 ${service.software}`);
  onLine(socket, line => {
    const [command = '', ...words] = line.trim().split(' ');
    const argument = words.join(' ');
    switch (command.toUpperCase()) {
      case 'USER':
        user = argument.toLowerCase();
        isIn = false;
        send('331 Please specify the password.');
        return;
      case 'PASS':
        isIn = service.isAnonymousAllowed && (user === 'anonymous' || user === 'ftp');
        send(isIn ? '230 Login successful.' : '530 Login incorrect.');
        return;
      case 'QUIT':
        send('221 Goodbye.');
        socket.end();
        return;
      case 'FEAT':
        send('211-Features:\r\n MDTM\r\n SIZE\r\n UTF8\r\n211 End');
        return;
      case 'NOOP':
        send('200 NOOP ok.');
        return;
      case 'AUTH':
        send('530 Please login with USER and PASS.');
        return;
      case 'SYST':
      case 'PWD':
        if (!isIn) send('530 Please login with USER and PASS.');
        else send(command.toUpperCase() === 'PWD' ? '257 "/" is the current directory' : '215 UNIX Type: L8');
        return;
      default:
        send(isIn ? '502 Command not implemented.' : '530 Please login with USER and PASS.');
    }
  });
}
