import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ORIGIN } from './origin.ts';

const require = createRequire(import.meta.url);

interface Family {
  readonly package: string;
  /** The package's style sheets with the weights and styles that a design may use. */
  readonly sheets: readonly string[];
  /** The sheet promises fewer characters than the file has. */
  readonly isWhole?: boolean;
}

/** Bundled families; all under the SIL Open Font License. A face is fetched only when a character of its range is used. */
const FAMILIES: Readonly<Record<string, Family>> = {
  inter: { package: '@fontsource/inter', sheets: ['400', '400-italic', '500', '600', '700'] },
  'source-serif-4': { package: '@fontsource/source-serif-4', sheets: ['400', '400-italic', '600', '700'] },
  'jetbrains-mono': { package: '@fontsource/jetbrains-mono', sheets: ['400', '700'] },
  'noto-sans-arabic': { package: '@fontsource/noto-sans-arabic', sheets: ['400', '700'] },
  'noto-sans-hebrew': { package: '@fontsource/noto-sans-hebrew', sheets: ['400', '700'] },
  'noto-emoji': { package: '@fontsource/noto-emoji', sheets: ['400', '700'] },
  'stix-two-math': { package: '@fontsource/stix-two-math', sheets: ['400'], isWhole: true },
  'noto-sans-sc': { package: '@fontsource-variable/noto-sans-sc', sheets: ['wght'] },
  'noto-sans-jp': { package: '@fontsource-variable/noto-sans-jp', sheets: ['wght'] },
  'noto-sans-kr': { package: '@fontsource-variable/noto-sans-kr', sheets: ['wght'] },
};

/** Families tried for characters that a design's own lack; `:lang()` in the base style sheet puts the right one first. */
export const FALLBACK_FAMILIES = [
  'Inter',
  'Noto Sans Arabic',
  'Noto Sans Hebrew',
  'Noto Sans SC Variable',
  'Noto Sans JP Variable',
  'Noto Sans KR Variable',
  'Noto Emoji',
  // Boxes, arrows and other signs.
  'STIX Two Math',
];

const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`));

let faces: string | undefined;

/** `@font-face` rules of all bundled fonts. */
export function fontFaces(): string {
  faces ??= Object.entries(FAMILIES)
    .flatMap(([key, family]) =>
      family.sheets.map(sheet =>
        readFileSync(join(folderOf(family.package), `${sheet}.css`), 'utf8')
          .replaceAll(/,\s*url\([^)]{0,200}\.woff\) format\('woff'\)/g, '')
          .replaceAll('url(./files/', `url(${ORIGIN}/fonts/${key}/`)
          .replaceAll('font-display: swap', 'font-display: block')
          .replaceAll(/unicode-range:[^;}]{1,2000};?/g, range => (family.isWhole === true ? '' : range)),
      ),
    )
    .join('\n');
  return faces;
}

const files = new Map<string, Buffer>();

/** The bytes of `/fonts/<family>/<file>.woff2`, or undefined when no such face is bundled. */
export function fontFile(path: string): Buffer | undefined {
  const match = /^\/fonts\/([a-z0-9-]{1,60})\/([a-z0-9-]{1,120}\.woff2)$/.exec(path);
  const [, key = '', file = ''] = match ?? [];
  const family = Object.hasOwn(FAMILIES, key) ? FAMILIES[key] : undefined;
  if (!family) return undefined;
  const known = files.get(path);
  if (known) return known;
  try {
    const bytes = readFileSync(join(folderOf(family.package), 'files', file));
    files.set(path, bytes);
    return bytes;
  } catch {
    return undefined;
  }
}
