import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { z } from 'zod';
import { startInstallation, type Installation } from './installation.ts';
import { inaccessible, openWatchedBrowser, type WatchedBrowser } from './watched-browser.ts';

const NARROW = { width: 390, height: 844 };
const WIDE = { width: 1440, height: 900 };
const made = z.object({ id: z.string() });

let glacis: Installation;
let browser: WatchedBrowser;
let page: Page;
let home: string;
let domain: string;
let baseUrl: string;
let token: string;
let grace: string;

before(async () => {
  glacis = await startInstallation();
  browser = await openWatchedBrowser(glacis.address);
  page = browser.page;
  page.setDefaultTimeout(30_000);
});
after(async () => {
  await browser?.close();
  await glacis?.stop();
});

/** Looks at a page in both themes and at the width of a telephone, where nothing may stand out at the side. */
async function look(name: string): Promise<void> {
  const folder = process.env['GLACIS_SCREENSHOTS'];
  const shoot = async (kind: string): Promise<void> => {
    if (folder) await page.screenshot({ path: `${folder}/${name}-${kind}.png`, fullPage: true });
    assert.deepEqual(await inaccessible(page), [], `${name} ${kind}`);
  };
  for (const kind of ['light', 'dark']) {
    await page.evaluate(`document.documentElement.classList.toggle('dark', ${kind === 'dark'})`);
    await shoot(kind);
  }
  await page.evaluate(`document.documentElement.classList.remove('dark')`);
  await page.setViewportSize(NARROW);
  await shoot('narrow');
  const width = Number(await page.evaluate('document.documentElement.scrollWidth'));
  assert.ok(width <= NARROW.width, `${name} is ${width} px wide`);
  await page.setViewportSize(WIDE);
}

/** What an identity provider sends, by the address and the token that the web app showed. */
async function provide(method: string, path: string, body: object): Promise<{ id: string }> {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return made.parse(JSON.parse(text));
}
const settled = (name: string) => page.getByText(name, { exact: true }).first().waitFor();
async function choose(control: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: control }).click();
  await page.getByRole('option', { name: option }).click();
}

test('an admin proves a domain and makes a token for the provider, which is shown once', async () => {
  await page.goto(glacis.link);
  await page.getByRole('button', { name: 'Use the link and sign in' }).click();
  await page.waitForURL(/\/t\/[^/]+$/);
  home = page.url();
  await page.goto(`${home}/sign-in`);
  await page.getByText('only addresses of proven domains can be provisioned', { exact: false }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Make a token' }).count(), 0);
  await page.goto(`${home}/targets`);
  const card = page.getByRole('article').first();
  domain = (await card.getAttribute('aria-label')) ?? '';
  const value = await card.getByText(/^glacis-verification=/).textContent();
  await glacis.publish(domain, (value ?? '').trim().replace('glacis-verification=', ''));
  await card.getByRole('button', { name: 'Verify now' }).click();
  await card.getByText('Ownership proven').waitFor();
  await page.goto(`${home}/sign-in`);
  await page.getByRole('button', { name: 'Make a token' }).click();
  await page.getByText('it is not shown again', { exact: false }).waitFor();
  baseUrl = await page.getByText(/\/scim\/v2$/).innerText();
  token = await page.getByText(/^glc_svc_/).innerText();
  assert.equal(new URL(baseUrl).hostname, '127.0.0.1');
  await look('token');
});

test('people and groups come by SCIM, and what a group gives is said in the app', async () => {
  const email = `grace@${domain}`;
  const name = { givenName: 'Grace', familyName: 'Hopper' };
  grace = (
    await provide('POST', '/Users', { userName: email, name, emails: [{ value: email, primary: true }] })
  ).id;
  const members = [{ value: grace }];
  await provide('POST', '/Groups', { displayName: 'Security operations', members });
  await page.goto(`${home}/members`);
  await settled('Grace Hopper');
  const role = page.getByRole('combobox', { name: 'Role of Grace Hopper' });
  const sees = page.getByRole('combobox', { name: 'What Grace Hopper sees' });
  assert.equal((await role.innerText()).trim(), 'Observer', 'a group gives nothing until it is said');
  assert.equal((await sees.innerText()).trim(), 'Their projects', 'and there is none');
  await page.goto(`${home}/sign-in`);
  await page.getByText('Security operations', { exact: true }).waitFor();
  assert.equal(await page.getByText(token).count(), 0, 'the token is not shown again');
  await choose('What Security operations gives', 'Role: Scan operator');
  const given = page.getByRole('combobox', { name: 'What Security operations gives' });
  await given.filter({ hasText: 'Role: Scan operator' }).waitFor();
  await look('groups');
  await page.goto(`${home}/members`);
  await role.filter({ hasText: 'Scan operator' }).waitFor();
  assert.equal((await sees.innerText()).trim(), 'Everything');
});

test('what a member sees is set where it is shown, on a narrow screen too', async () => {
  await choose('What Grace Hopper sees', 'Their projects');
  await settled('Grace Hopper sees: Their projects.');
  await page.reload();
  const sees = page.getByRole('combobox', { name: 'What Grace Hopper sees' });
  await sees.filter({ hasText: 'Their projects' }).waitFor();
  await look('members');
  await page.setViewportSize(NARROW);
  await choose('What Grace Hopper sees', 'Everything');
  await settled('Grace Hopper sees: Everything.');
  await page.setViewportSize(WIDE);
});

test('whom the provider switches off is gone', async () => {
  const operation = { op: 'replace', path: 'active', value: false };
  await provide('PATCH', `/Users/${grace}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [operation],
  });
  await page.reload();
  await page.getByRole('combobox', { name: 'Role of Owner' }).waitFor();
  assert.equal(await page.getByText('Grace Hopper').count(), 0);
});

test('a target is sorted into an organisation and its group, and bears a note', async () => {
  await page.goto(`${home}/organisations`);
  const slug = new URL(home).pathname.split('/')[2] ?? '';
  const api = `/api/tenants/${slug}/organisations`;
  const holding = made.parse(
    await (await page.request.post(api, { data: { name: 'Larkspur Holding' } })).json(),
  );
  await page.request.post(`${api}/${holding.id}/groups`, { data: { name: 'Shops' } });
  await page.goto(`${home}/targets`);
  const card = page.getByRole('article', { name: domain });
  const edit = card.getByRole('button', { name: `Sort ${domain}, or write a note` });
  await edit.click();
  await choose('Organisation', 'Larkspur Holding');
  await page.getByLabel('Shops').check();
  await page.getByLabel('Note', { exact: true }).fill('Ask Ada before scanning on weekdays.');
  await look('target');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.reload();
  for (const text of ['Larkspur Holding', 'Shops', 'Ask Ada before scanning on weekdays.'])
    await card.getByText(text, { exact: true }).waitFor();
  await edit.click();
  assert.equal(
    await page.getByLabel('Note', { exact: true }).inputValue(),
    'Ask Ada before scanning on weekdays.',
  );
  assert.ok(await page.getByLabel('Shops').isChecked());
});

test('the browser had nothing to complain about', () => {
  assert.deepEqual(browser.foreignRequests, []);
  assert.deepEqual(browser.complaints, []);
});
