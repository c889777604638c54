import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AssetSource } from '../render/page-session.ts';
import { fontFaces, fontFile } from '../render/fonts.ts';
import { ORIGIN } from '../render/origin.ts';
import { contentType } from '../render/resources.ts';

/** What the page handed over, and what has to go into the file with it. */
export interface HtmlParts {
  /** The rendered report without scripts or handlers; pictures are named `rk-asset:NAME`. */
  readonly body: string;
  readonly css: string;
  readonly pageCss: string;
  readonly title: string;
  readonly language: string;
  /** Paths of the font files that the text really used. */
  readonly fonts: ReadonlySet<string>;
  readonly assets: AssetSource;
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const dataUri = (type: string, bytes: Uint8Array): string =>
  `data:${type};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}`;

function embeddedFonts(fonts: ReadonlySet<string>): string {
  const rules = fontFaces().match(/@font-face\s*\{[^}]*\}/g) ?? [];
  return rules
    .flatMap(rule => {
      const path = rule.slice(rule.indexOf(ORIGIN) + ORIGIN.length).split(')')[0] ?? '';
      const bytes = fonts.has(path) ? fontFile(path) : undefined;
      return bytes ? [rule.replace(`${ORIGIN}${path}`, dataUri('font/woff2', bytes))] : [];
    })
    .join('\n');
}

function assetUri(name: string, assets: AssetSource): string {
  const bytes = assets(name);
  return bytes ? dataUri(contentType(name, bytes), bytes) : 'data:,';
}

function embedInCss(css: string, assets: AssetSource): string {
  return css.replace(
    /url\(\s*["']?\/?(?:assets\/name|assets|images\/name|images)\/([^"')]{1,500})["']?\s*\)/g,
    (_all, name: string) => `url(${assetUri(decodeURIComponent(name), assets)})`,
  );
}

const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');

/** One file that needs nothing else: pictures and fonts inside, no script, and a policy that forbids any. */
export function buildHtml(parts: HtmlParts): string {
  const body = parts.body.replace(
    /(["'])rk-asset:([^"']{1,1500})\1/g,
    (_all, quote: string, name: string) =>
      `${quote}${assetUri(decodeURIComponent(name), parts.assets)}${quote}`,
  );
  // A style sheet may not close its own element.
  const styles = [
    embeddedFonts(parts.fonts),
    read('../render/page/base.css'),
    embedInCss(parts.css, parts.assets),
    embedInCss(parts.pageCss, parts.assets),
    read('screen.css'),
  ]
    .map(css => `<style>\n${css.replaceAll(/<\/style/gi, '<\\/style')}\n</style>`)
    .join('\n');
  return `<!doctype html>
<html lang="${escapeHtml(parts.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(parts.title)}</title>
${styles}
</head>
<body><main id="report">${body}</main></body>
</html>
`;
}
