import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { proxyTransport } from '../http/proxy.ts';
import { socketTransport } from '../http/transport.ts';
import { updateTemplates } from '../template/update.ts';
import { HOME_FOLDER } from './scan-command.ts';

const HELP = `glacis-checks update --from FOLDER|URL [--to FOLDER] [--sha256 DIGEST] [--key CERTIFICATE] [--proxy URL]
Copies templates that load. A URL names a .tar.gz archive; --sha256 must then be its digest unless the URL is https with a file
of the same name plus .sha256 beside it. With --key only templates signed for that certificate are taken.
`;

/** Runs `glacis-checks update`. */
export async function runUpdateCommand(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { from: text, to: text, sha256: text, key: text, proxy: text, help: { type: 'boolean' } },
  });
  if (values.help === true || values.from === undefined) {
    process.stdout.write(HELP);
    return values.help === true ? 0 : 1;
  }
  const summary = await updateTemplates({
    from: values.from,
    to: values.to ?? join(HOME_FOLDER, 'templates'),
    ...(values.sha256 === undefined ? {} : { sha256: values.sha256 }),
    ...(values.proxy === undefined ? {} : { transport: proxyTransport(values.proxy, socketTransport) }),
    ...(values.key === undefined ? {} : { certificateFile: values.key }),
  });
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return 0;
}
