import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fontFaces } from './fonts.ts';
import { ORIGIN } from './origin.ts';

const require = createRequire(import.meta.url);

let script: string | undefined;

/** Vue's runtime and our own page scripts, as one classic script. */
export function pageScript(): string {
  const own = [
    'runtime.js',
    'components.js',
    'charts.js',
    'imported.js',
    'diagrams.js',
    'tags.js',
    'fit.js',
    'targets.js',
    'running.js',
    'footnotes.js',
    'leaves.js',
    'ends.js',
    'parts.js',
    'handover.js',
    'screen.js',
    'snapshot.js',
  ].map(name => readFileSync(fileURLToPath(new URL(`page/${name}`, import.meta.url)), 'utf8'));
  const vue = readFileSync(
    join(dirname(require.resolve('vue/package.json')), 'dist/vue.runtime.global.prod.js'),
    'utf8',
  );
  script ??= [vue, ...own].join('\n;\n');
  return script;
}

let diagrams: Buffer | undefined;

/** The library that draws diagrams, several megabytes: read when the first page asks for it. */
export function diagramScript(): Buffer {
  diagrams ??= readFileSync(join(dirname(require.resolve('mermaid')), 'mermaid.min.js'));
  return diagrams;
}

/** Inline code and `eval` are allowed (templates are code), the network is not. */
const POLICY = [
  "default-src 'none'",
  `script-src 'unsafe-inline' 'unsafe-eval' ${ORIGIN}`,
  `style-src 'unsafe-inline' ${ORIGIN}`,
  `img-src ${ORIGIN} data:`,
  `font-src ${ORIGIN} data:`,
  "worker-src 'none'",
  "frame-src 'none'",
  "form-action 'none'",
  "base-uri 'none'",
].join('; ');

/** Response headers of the page itself. */
export const PAGE_HEADERS = [
  { name: 'content-type', value: 'text/html; charset=utf-8' },
  { name: 'content-security-policy', value: POLICY },
];

/** The empty page that is kept warm; a job fills it. */
export function shellPage(): string {
  return `<!doctype html><html><head><meta charset="utf-8"><title></title><style id="font-faces">${fontFaces()}</style><style id="base-style">${baseStyle()}</style><style id="design-style"></style><style id="page-style"></style><style id="part-style"></style><script src="/page.js"></script></head><body><div id="report"></div></body></html>`;
}

let base: string | undefined;
function baseStyle(): string {
  base ??= readFileSync(fileURLToPath(new URL('page/base.css', import.meta.url)), 'utf8');
  return base;
}

const TYPES: readonly (readonly [string, (bytes: Uint8Array) => boolean])[] = [
  ['image/png', bytes => bytes[0] === 0x89 && bytes[1] === 0x50],
  ['image/jpeg', bytes => bytes[0] === 0xff && bytes[1] === 0xd8],
  ['image/gif', bytes => bytes[0] === 0x47 && bytes[1] === 0x49],
  ['image/webp', bytes => bytes[0] === 0x52 && bytes[8] === 0x57 && bytes[9] === 0x45],
  ['image/avif', bytes => Buffer.from(bytes.subarray(4, 12)).toString('latin1').startsWith('ftypavi')],
  ['font/woff2', bytes => Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'wOF2'],
];

/** Content type of an asset, from its first bytes and, for text formats, its name. */
export function contentType(name: string, bytes: Uint8Array): string {
  const known = TYPES.find(([, matches]) => matches(bytes));
  if (known) return known[0];
  if (/\.svg$/i.test(name)) return 'image/svg+xml';
  if (/\.css$/i.test(name)) return 'text/css';
  if (/\.js$/i.test(name)) return 'text/javascript';
  if (/\.(woff|ttf|otf)$/i.test(name)) return `font/${name.slice(-3).toLowerCase()}`;
  return 'application/octet-stream';
}
