/**
 * One small document per feature, rendered by a real Chromium: its text is compared exactly, its pages as images with
 * room for anti-aliasing. `UPDATE_GALLERY=1` writes the references anew; look at them before committing.
 */
import { createCanvas, loadImage, Path2D } from '@napi-rs/canvas';
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { Design } from '../design/design.ts';
import { EMPTY_DESIGN } from '../design/empty-design.sample.ts';
import { createRenderer } from './renderer.ts';
import type { Renderer } from './renderer.ts';

// pdf.js builds its paths with the global class, which must be this canvas's own.
Object.assign(globalThis, { Path2D });
const { getDocument } = await import('pdfjs-dist/legacy/build/pdf.mjs');

const FOLDER = fileURLToPath(new URL('../../test/gallery', import.meta.url));
const names = readdirSync(FOLDER)
  .filter(name => name.endsWith('.html'))
  .map(name => name.slice(0, -'.html'.length));
const isUpdate = process.env['UPDATE_GALLERY'] === '1';

/** Blocks of this many pixels are averaged before comparing, so that a glyph's edge does not count. */
const BLOCK = 6;
/** Largest difference of a block's mean grey, of 255: a hairline that is missing makes some 12, two machines some 3. */
const TOLERANCE = 8;
const SCALE = 0.75;

let renderer: Renderer;
before(async () => {
  // References are of the npm package's Chromium, whose version the lockfile fixes.
  renderer = await createRenderer({ executablePath: 'bundled', warm: 1 });
});
after(async () => renderer.close());

const PICTURE =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 30"><rect width="60" height="30" fill="#9db8d0"/><circle cx="30" cy="15" r="10" fill="#c0392b"/></svg>';

const FINDINGS = [
  { title: 'A high finding', level: 'high', severity: 'high' },
  { title: 'A low finding', level: 'low', severity: 'low' },
];

/** What a page's text beside it, `NAME.text`, is rendered with. */
function dataOf(name: string): Record<string, unknown> {
  const path = join(FOLDER, `${name}.text`);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return { customer: 'Northwind', findings: FINDINGS, text };
}

function designOf(name: string, style = ''): Design {
  return {
    ...EMPTY_DESIGN,
    id: name,
    name,
    template: readFileSync(join(FOLDER, `${name}.html`), 'utf8'),
    style: `${readFileSync(join(FOLDER, `${name}.css`), 'utf8')}\n${style}`,
    assets: new Map([['picture.svg', Buffer.from(PICTURE)]]),
  };
}

async function textOf(document: PDFDocumentProxy): Promise<string> {
  const pages: string[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    const content = await (await document.getPage(number)).getTextContent();
    const text = content.items
      .map(item => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : ''))
      .join('');
    pages.push(`--- ${number}\n${text.trim()}\n`);
  }
  return pages.join('');
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
  readonly png: Buffer;
}

async function pictureOf(document: PDFDocumentProxy, number: number): Promise<Picture> {
  const page = await document.getPage(number);
  const viewport = page.getViewport({ scale: SCALE });
  const width = Math.round(viewport.width);
  const height = Math.round(viewport.height);
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  // pdf.js draws on this canvas as on a browser's; only the types do not know it.
  const target = context as unknown as CanvasRenderingContext2D;
  await page.render({ canvas: null, canvasContext: target, viewport }).promise;
  return {
    width,
    height,
    data: context.getImageData(0, 0, width, height).data,
    png: canvas.toBuffer('image/png'),
  };
}

async function readPicture(path: string): Promise<Omit<Picture, 'png'>> {
  const image = await loadImage(readFileSync(path));
  const canvas = createCanvas(image.width, image.height);
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const { width, height } = image;
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

function blockMean({ width, data }: Omit<Picture, 'png'>, left: number, top: number): number {
  let sum = 0;
  for (let y = top; y < top + BLOCK; y++)
    for (let x = left; x < left + BLOCK; x++) {
      const at = (y * width + x) * 4;
      sum += (data[at] ?? 0) * 0.3 + (data[at + 1] ?? 0) * 0.59 + (data[at + 2] ?? 0) * 0.11;
    }
  return sum / BLOCK ** 2;
}

function largestDifference(
  a: Omit<Picture, 'png'>,
  b: Omit<Picture, 'png'>,
): { difference: number; x: number; y: number } {
  let worst = { difference: 0, x: 0, y: 0 };
  for (let y = 0; y + BLOCK <= a.height; y += BLOCK)
    for (let x = 0; x + BLOCK <= a.width; x += BLOCK) {
      const difference = Math.abs(blockMean(a, x, y) - blockMean(b, x, y));
      if (difference > worst.difference) worst = { difference, x, y };
    }
  return worst;
}

for (const name of names) {
  test(`gallery: ${name}`, async () => {
    const { bytes, messages } = await renderer.render({
      design: designOf(name),
      data: dataOf(name),
      output: 'pdf',
    });
    const expectedMessages = name === 'markdown' ? ['markup-removed'] : [];
    assert.deepEqual(
      messages.map(({ code }) => code),
      expectedMessages,
    );
    const document = await getDocument({ data: new Uint8Array(bytes), verbosity: 0 }).promise;
    const text = await textOf(document);
    const textPath = join(FOLDER, `${name}.txt`);
    if (isUpdate) writeFileSync(textPath, text);
    assert.equal(text, readFileSync(textPath, 'utf8'));
    for (let number = 1; number <= document.numPages; number++) {
      const picture = await pictureOf(document, number);
      const path = join(FOLDER, `${name}-${number}.png`);
      if (isUpdate) writeFileSync(path, picture.png);
      assert.ok(existsSync(path), `There is no reference for page ${number}.`);
      const reference = await readPicture(path);
      assert.deepEqual([picture.width, picture.height], [reference.width, reference.height]);
      const { difference, x, y } = largestDifference(picture, reference);
      assert.ok(difference <= TOLERANCE, `Page ${number} differs by ${difference.toFixed(0)} at ${x}, ${y}.`);
    }
    await document.destroy();
  });
}

/** One small thing of a page that is not as it was, which no text tells. */
const BROKEN: readonly (readonly [name: string, style: string])[] = [
  ['tables', 'td { border-bottom: 0 }'],
  ['named-pages', '.cover { background: #12273f }'],
  ['charts', '.chart-track { fill: none }'],
  ['dialect', 'mark { background: none }'],
  ['scripts', '.serif { font-family: Inter }'],
  ['right-to-left', 'div { direction: ltr !important }'],
  ['margin-boxes', '@page { @left-middle { background: none } }'],
  ['running-elements', '@page { @top-left { border-bottom: 0 } }'],
  ['footnotes', '.footnotes::before { content: none }'],
];

test('the comparison notices what is small', { skip: isUpdate }, async () => {
  for (const [name, style] of BROKEN) {
    const { bytes } = await renderer.render({
      design: designOf(name, style),
      data: dataOf(name),
      output: 'pdf',
    });
    const document = await getDocument({ data: new Uint8Array(bytes), verbosity: 0 }).promise;
    let worst = 0;
    for (let number = 1; number <= document.numPages; number++) {
      const path = join(FOLDER, `${name}-${number}.png`);
      if (!existsSync(path)) continue;
      worst = Math.max(
        worst,
        largestDifference(await pictureOf(document, number), await readPicture(path)).difference,
      );
    }
    assert.ok(worst > TOLERANCE, `${name} differs by ${worst.toFixed(1)} only.`);
    await document.destroy();
  }
});
