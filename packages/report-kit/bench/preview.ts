/**
 * How long after a field was saved the preview shows it, in a real headless browser: the HTML until it is painted, the PDF
 * until the browser has all of it. The pentest design with its sample data, or with that many findings.
 * Usage: `node tools/run.mjs packages/report-kit/bench/preview.ts [COUNT …]`; prints JSON.
 */
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtInDesigns, createRenderer } from '../src/index.ts';
import { servePreview } from '../src/preview/server.ts';
import { pentestOf } from './sample.ts';

const ROUNDS = 9;
const design = await builtInDesigns.pentest();
const renderer = await createRenderer({ warm: 0 });

/** Resolves with the time at which the view shows the text and has been painted. */
const shownAt = async (text: string): Promise<number> => {
  const frame = async () => new Promise(resolve => requestAnimationFrame(resolve));
  for (;;) {
    const view = document.querySelector('iframe')?.contentDocument;
    if (view?.readyState === 'complete' && view.body.textContent.includes(text)) break;
    await frame();
  }
  await frame();
  await frame();
  return Date.now();
};

/** Resolves with the time at which the next version's PDF is here. */
const pdfAt = async (): Promise<number> =>
  new Promise(resolve => {
    const events = new EventSource('/events');
    let count = 0;
    events.addEventListener('message', () => {
      // The first event tells the version that is shown already.
      if (++count === 1) return;
      events.close();
      void fetch('/document.pdf')
        .then(async response => response.arrayBuffer())
        .then(() => resolve(Date.now()));
    });
  });

function summary(times: readonly number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  return { medianMs: sorted[Math.floor(sorted.length / 2)], bestMs: sorted[0], worstMs: sorted.at(-1) };
}

async function measure(count: number | undefined) {
  const folder = await mkdtemp(join(tmpdir(), 'report-kit-preview-'));
  const data = count === undefined ? design.sample : pentestOf(count, design.sample);
  const save = async (text: string): Promise<number> => {
    const [first, ...others] = (data as ReturnType<typeof pentestOf>).findings;
    const changed = { ...(data as object), findings: [{ ...first, summary: text }, ...others] };
    const json = JSON.stringify(changed);
    const at = Date.now();
    await writeFile(join(folder, 'project.json'), json);
    return at;
  };
  await mkdir(join(folder, 'assets'));
  for (const [name, bytes] of design.assets) await writeFile(join(folder, 'assets', name), bytes);
  await save('First text.');
  const preview = await servePreview({ design: 'pentest', project: folder, port: 0 });
  const { browser, close } = await renderer.launchBrowser({
    extraArguments: ['--proxy-bypass-list=127.0.0.1'],
  });
  const page = await (await browser.newContext()).newPage();
  await page.goto(preview.url);
  const pdf: number[] = [];
  const html: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const arrives = page.evaluate(pdfAt);
    await page.waitForTimeout(800);
    const at = await save(`PDF round ${round}.`);
    pdf.push((await arrives) - at);
  }
  await page.click('#html');
  await page.evaluate(shownAt, `PDF round ${ROUNDS - 1}.`);
  for (let round = 0; round < ROUNDS; round++) {
    await page.waitForTimeout(800);
    const text = `HTML round ${round}.`;
    const appears = page.evaluate(shownAt, text);
    const at = await save(text);
    html.push((await appears) - at);
  }
  await close();
  await preview.close();
  await rm(folder, { recursive: true });
  return { findings: count ?? 'sample', load: loadavg()[0], pdf: summary(pdf), html: summary(html) };
}

const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [undefined, 100];
const results = [];
for (const count of counts) results.push(await measure(count));
await renderer.close();
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
