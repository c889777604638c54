import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { z } from 'zod';
import { findChromium } from './find-chromium.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const axeResult = z.object({
  violations: z.array(
    z.object({ id: z.string(), help: z.string(), nodes: z.array(z.object({ html: z.string() })) }),
  ),
});

/** Invisible ends of an overlay that hand the focus on as soon as they get it. */
const FOCUS_GUARD = 'span[aria-hidden="true"][tabindex="0"]';

/** A browser whose pages are watched: what they ask of other origins, and what the browser complains about. */
export interface WatchedBrowser {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Requests to another origin than the app's, data and blob addresses aside. */
  readonly foreignRequests: readonly string[];
  /** Errors of the console, violations of the policy and uncaught exceptions among them. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** Opens a browser on the app. */
export async function openWatchedBrowser(origin: string): Promise<WatchedBrowser> {
  const { executablePath, env } = findChromium();
  const browser: Browser = await chromium.launch({
    executablePath,
    env: { ...process.env, ...env },
    chromiumSandbox: process.getuid?.() !== 0,
  });
  const context = await browser.newContext({ baseURL: origin, viewport: { width: 1440, height: 900 } });
  const foreignRequests: string[] = [];
  const complaints: string[] = [];
  context.on('request', request => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) foreignRequests.push(url);
  });
  context.on('console', message => {
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text()))
      complaints.push(message.text());
  });
  context.on('weberror', error => complaints.push(error.error().message));
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  return { context, page, foreignRequests, complaints, close: () => browser.close() };
}

/** What is inaccessible on a page by WCAG 2.2 A and AA, one line for each rule that is broken. */
export async function inaccessible(page: Page): Promise<string[]> {
  // What is still fading in has too little contrast for a moment.
  await page.evaluate(
    `Promise.allSettled(document.getAnimations().filter(one => one.effect.getTiming().iterations !== Infinity).map(one => one.finished))`,
  );
  await page.evaluate(AXE);
  const result = axeResult.parse(
    await page.evaluate(
      `axe.run({ exclude: [${JSON.stringify(FOCUS_GUARD)}] }, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`,
    ),
  );
  return result.violations.map(
    violation => `${violation.id} (${violation.help}): ${violation.nodes[0]?.html.slice(0, 200)}`,
  );
}
