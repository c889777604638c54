import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { startInstallation, type Installation } from './installation.ts';
import { inaccessible, openWatchedBrowser, type WatchedBrowser } from './watched-browser.ts';

const SCAN_TIMEOUT_MS = 240_000;
const PASSWORD = 'a long enough password';

let glacis: Installation;
let browser: WatchedBrowser;
let page: Page;
let home: string;
before(async () => {
  glacis = await startInstallation();
  browser = await openWatchedBrowser(glacis.address);
  page = browser.page;
});
after(async () => {
  await browser?.close();
  await glacis?.stop();
});

function countOf(text: string | null): number {
  return Number((text ?? '').replace(/\D/g, ''));
}
async function open(path: string, heading: string | RegExp): Promise<void> {
  await page.goto(`${home}${path}`);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
}

test('without a session every page leads to signing in, and back afterwards', async () => {
  await page.goto(`${glacis.address}/t/practice/findings?severity=high`);
  await page.waitForURL(/\/sign-in\?next=/);
  assert.deepEqual(await inaccessible(page), []);
  await page.getByLabel('E-mail address').fill('nobody@glacis.example');
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  assert.match((await page.getByRole('alert').textContent()) ?? '', /\w+ \w+/);
});

test('a one-time link signs in only when its button is pressed, and only once', async () => {
  await page.goto(glacis.link);
  await page.getByRole('button', { name: 'Use the link and sign in' }).waitFor();
  assert.equal((await browser.context.cookies()).length, 0, 'opening the link changes nothing');
  await page.reload();
  await page.getByRole('button', { name: 'Use the link and sign in' }).click();
  await page.waitForURL(/\/t\/[^/]+$/);
  home = page.url();
  const [cookie] = await browser.context.cookies();
  assert.ok(cookie?.httpOnly && cookie.sameSite === 'Strict');
  const other = await browser.context.newPage();
  await other.goto(glacis.link);
  await other.getByRole('button', { name: 'Use the link and sign in' }).click();
  await other.getByRole('alert').waitFor();
  await other.close();
});

test('an empty tenant is led to its first scan', async () => {
  await page.getByRole('heading', { name: 'See what an attacker sees' }).waitFor();
  assert.deepEqual(await inaccessible(page), []);
  await page.getByRole('link', { name: 'Show the record' }).click();
  await page.getByRole('heading', { level: 1, name: 'Targets' }).waitFor();
});

test('a domain that is none is refused in the words of the server', async () => {
  await page.getByLabel('Domain', { exact: true }).fill('not a domain');
  await page.getByRole('button', { name: 'Add domain' }).click();
  await page.getByRole('alert').waitFor();
  assert.deepEqual(await inaccessible(page), []);
});

test('targets show their record and are proven by DNS', async () => {
  const cards = page.getByRole('article');
  const count = await cards.count();
  assert.ok(count >= 2);
  for (let index = 0; index < count; index += 1) {
    const card = cards.nth(index);
    await card.getByText(/^glacis-verification=/).waitFor();
    await card.getByRole('button', { name: 'Verify now' }).click();
    await card.getByText('Ownership proven').waitFor();
  }
});

test('a scan can be watched, and cancelled', async () => {
  await page.getByRole('article').first().getByRole('button', { name: 'Start a scan' }).click();
  await page.waitForURL(/\/scans\//);
  await page.getByRole('button', { name: 'Cancel the scan' }).click();
  await page.getByText('Cancelled', { exact: true }).waitFor();
});

test('the live page counts up, feeds what comes, and ends by itself', async () => {
  await open('/targets', 'Targets');
  await page.getByRole('button', { name: 'Scan all proven domains' }).click();
  await page.waitForURL(/\/scans\//);
  const feed = page.getByRole('log');
  await feed.getByRole('link').first().waitFor();
  const assets = page.locator('dl dd').nth(1);
  const early = countOf(await assets.textContent());
  await page.getByText('Completed', { exact: true }).waitFor({ timeout: SCAN_TIMEOUT_MS });
  await page.waitForTimeout(700);
  assert.ok(countOf(await assets.textContent()) > early);
  assert.ok((await feed.getByRole('link').count()) > 50);
  assert.ok((await page.getByRole('progressbar').count()) > 8);
  assert.deepEqual(await inaccessible(page), []);
});

test('the dashboard says how bad it is and why', async () => {
  await open('', 'Overview');
  await page.getByRole('img', { name: /^Risk score \d+ of 100, grade [A-F]$/ }).waitFor();
  await page
    .getByText(/findings? adds? \d+ points/)
    .first()
    .waitFor();
  assert.deepEqual(await inaccessible(page), []);
});

test('the inventory filters, searches and sorts on the server, and its address says so', async () => {
  await open('/assets', 'Inventory');
  const kinds = page.getByRole('group', { name: 'Kind' });
  const facet = kinds.getByRole('button', { name: /^Host names/ });
  await facet.click();
  await page.waitForURL(/kind=hostname/);
  assert.equal(await facet.getAttribute('aria-pressed'), 'true');
  const expected = countOf(await facet.textContent());
  await page.getByText(new RegExp(`of ${expected.toLocaleString('en')}$`)).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('www');
  await page.waitForURL(/q=www/);
  await page.getByRole('row').nth(1).getByText(/www/).first().waitFor();
  await page.getByRole('button', { name: 'Last seen' }).click();
  await page.waitForURL(/sort=lastSeen/);
  await page.reload();
  assert.equal(await page.getByRole('searchbox').inputValue(), 'www');
  assert.equal(
    await page.getByRole('columnheader', { name: 'Last seen' }).getAttribute('aria-sort'),
    'ascending',
  );
  assert.deepEqual(await inaccessible(page), []);
});

test('rows are walked with the arrow keys and opened with enter; an asset tells how it was found', async () => {
  await open('/assets?kind=website', 'Inventory');
  const links = page.locator('[data-row-link]');
  await links.first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const key = await links.nth(2).innerText();
  assert.equal(await page.evaluate('document.activeElement.innerText'), key);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/assets\/[0-9a-f-]{36}/);
  const path = page.getByRole('region', { name: 'How it was found' });
  await path.waitFor();
  assert.ok((await path.getByRole('listitem').count()) >= 2);
  await page.getByRole('region', { name: 'Who looked at it' }).getByText('Looked at').first().waitFor();
  assert.deepEqual(await inaccessible(page), []);
});

test('a screenshot of a site is shown', async () => {
  const answer = await page.request.get(
    `${glacis.address}/api/tenants/practice/assets?kind=website&pageSize=200`,
  );
  const sites = (await answer.json()) as { items: { id: string; hasScreenshot: boolean }[] };
  const site = sites.items.find(one => one.hasScreenshot);
  assert.ok(site, 'no website has a screenshot');
  await page.goto(`${home}/assets/${site.id}`);
  await page.getByRole('img', { name: /^Screenshot of/ }).waitFor();
  await page.waitForFunction(`document.querySelector('main img').naturalWidth > 100`);
  assert.deepEqual(await inaccessible(page), []);
});

test('findings filter by severity; a finding shows its evidence as text and can be judged', async () => {
  await open('/findings?state=open,confirmed', 'Findings');
  await page.getByRole('group', { name: 'Severity' }).getByRole('button', { name: 'Critical' }).click();
  await page.waitForURL(/severity=critical/);
  await page.locator('[data-row-link]').first().click();
  await page.waitForURL(/\/findings\/[0-9a-f-]{36}/);
  const evidence = page.getByRole('region', { name: 'Evidence' });
  await evidence.locator('pre').first().waitFor();
  assert.equal(await page.evaluate(`document.querySelectorAll('pre *').length`), 0);
  await page.getByRole('button', { name: 'Set state' }).click();
  await page.getByRole('menuitemcheckbox', { name: /^Confirmed/ }).click();
  await page.locator('header').getByText('Confirmed', { exact: true }).waitFor();
  for (const link of await page.locator('a[target=_blank]').all())
    assert.match((await link.getAttribute('rel')) ?? '', /noopener/);
  assert.deepEqual(await inaccessible(page), []);
});

test('a report is ordered, rendered and downloaded', async () => {
  await open('/reports', 'Reports');
  await page.getByRole('button', { name: 'Create a report' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio').first().waitFor();
  assert.deepEqual(await inaccessible(page), []);
  await dialog.getByRole('button', { name: 'Create a report' }).click();
  await page.getByText('Ready', { exact: true }).waitFor({ timeout: 120_000 });
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: /^Download the report/ }).click(),
  ]);
  const pdf = await readFile(await download.path());
  assert.equal(pdf.subarray(0, 5).toString('latin1'), '%PDF-');
  assert.deepEqual(await inaccessible(page), []);
});

test('the theme can be chosen, is remembered, and dark is as readable as light', async () => {
  await page.getByRole('button', { name: 'Dark', exact: true }).click();
  for (const [path, heading] of [
    ['', 'Overview'],
    ['/targets', 'Targets'],
    ['/scans', 'Scans'],
    ['/assets', 'Inventory'],
    ['/findings', 'Findings'],
    ['/reports', 'Reports'],
  ] as const) {
    await open(path, heading);
    assert.equal(await page.evaluate(`document.documentElement.classList.contains('dark')`), true);
    await page.waitForLoadState('networkidle');
    assert.deepEqual(await inaccessible(page), [], heading);
  }
  await page.getByRole('button', { name: 'Light', exact: true }).click();
});

test('on a narrow screen the menu opens and nothing sticks out', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const [path, heading] of [
    ['', 'Overview'],
    ['/targets', 'Targets'],
    ['/assets', 'Inventory'],
    ['/findings', 'Findings'],
  ] as const) {
    await open(path, heading);
    await page.waitForLoadState('networkidle');
    assert.ok(
      (await page.evaluate<number>('document.documentElement.scrollWidth')) <= 390,
      `${heading} is too wide`,
    );
  }
  await page.getByRole('button', { name: 'Open the menu' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Scans' }).click();
  await page.getByRole('heading', { level: 1, name: 'Scans' }).waitFor();
  assert.deepEqual(await inaccessible(page), []);
});

test('a password is set, and signs in after signing out', async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await open('', 'Overview');
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Set a password' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await dialog.getByLabel('New password again').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  const email = (
    (await (await page.request.get(`${glacis.address}/api/session`)).json()) as {
      user: { email: string };
    }
  ).user.email;
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL(/\/sign-in/);
  await page.goto(`${home}/findings?severity=high`);
  await page.waitForURL(/\/sign-in\?next=/);
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(url => url.pathname.endsWith('/findings') && url.search === '?severity=high');
});

test('what is not there says so', async () => {
  await page.goto(`${home}/findings/00000000-0000-4000-8000-000000000000`);
  await page.getByRole('alert').waitFor();
  assert.deepEqual(await inaccessible(page), []);
  await page.goto(`${glacis.address}/t/another-tenant`);
  await page.getByText('There is nothing here').first().waitFor();
  assert.deepEqual(await inaccessible(page), []);
});

test('no page asked anything of another origin, and the browser had nothing to complain about', () => {
  assert.deepEqual(browser.foreignRequests, []);
  assert.deepEqual(browser.complaints, []);
});
