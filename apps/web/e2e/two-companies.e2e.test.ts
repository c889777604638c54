import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { auditVerification } from '@glacis/contract';
import { startMailServer, type MailServer } from '@glacis/domain/testing';
import type { BrowserContext, Page } from 'playwright-core';
import { startInstallation, type Installation } from './installation.ts';
import { inaccessible, openWatchedBrowser, type WatchedBrowser } from './watched-browser.ts';

const SCAN_TIMEOUT_MS = 240_000;
const MAIL_TIMEOUT_MS = 30_000;
const PASSWORD = 'correct horse of the stable';

/** A company that comes by itself: its first admin, its domain in the practice network, and its browser. */
interface Company {
  readonly name: string;
  readonly slug: string;
  readonly email: string;
  readonly domain: string;
  readonly context: BrowserContext;
  readonly page: Page;
}

let mails: MailServer;
let glacis: Installation;
let browser: WatchedBrowser;
let alder: Company;
let birch: Company;
before(async () => {
  mails = await startMailServer();
  glacis = await startInstallation({
    settings: { GLACIS_SMTP_URL: mails.url, GLACIS_MAIL_FROM: 'glacis@platform.test' },
  });
  browser = await openWatchedBrowser(glacis.address);
  alder = await company('Alder Works', 'alder-works', 'larkspur-labs.test');
  birch = await company('Birch & Sons', 'birch-sons', 'larkspur.test');
});
after(async () => {
  await browser?.close();
  await glacis?.stop();
  await mails?.close();
});

async function company(name: string, slug: string, domain: string): Promise<Company> {
  const context = await newContext();
  return { name, slug, email: `ada@${slug}.test`, domain, context, page: await newPage(context) };
}
async function newContext(): Promise<BrowserContext> {
  const { context } = browser;
  const fresh = await context
    .browser()
    ?.newContext({ baseURL: glacis.address, viewport: { width: 1440, height: 900 } });
  assert.ok(fresh);
  return fresh;
}
async function newPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  return page;
}
const both = (work: (of: Company, other: Company) => Promise<void>): Promise<unknown> =>
  Promise.all([work(alder, birch), work(birch, alder)]);

/** The link of the newest mail to an address. */
async function linkTo(address: string): Promise<string> {
  const deadline = Date.now() + MAIL_TIMEOUT_MS;
  for (;;) {
    const link = mails.received.findLast(mail => mail.to.includes(address))?.link;
    if (link) return link;
    assert.ok(Date.now() < deadline, `no mail came to ${address}`);
    await delay(100);
  }
}

test('who runs the platform opens it for sign-ups, with a plan', async () => {
  const { page } = browser;
  await page.goto(glacis.link);
  await page.getByRole('button', { name: 'Use the link and sign in' }).click();
  await page.waitForURL(/\/t\/[^/]+$/);
  await page.goto(`${glacis.address}/platform/plans`);
  await page.getByRole('button', { name: 'New plan' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Starter');
  await page.getByLabel('Domains').fill('1');
  await page.getByLabel('Anybody may choose it').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Starter').first().waitFor();
  await page.goto(`${glacis.address}/platform/health`);
  await page.getByRole('switch', { name: 'Strangers may sign up' }).click();
  await page.goto(`${glacis.address}/welcome`);
});

test('two companies sign up side by side', async () => {
  await both(async ({ page, email, name, slug, domain }) => {
    await page.goto('/welcome');
    await page.getByRole('link', { name: 'Sign up' }).click();
    await page.getByLabel('E-mail address').fill(email);
    await page.getByRole('button', { name: 'Send me the link' }).click();
    await page.getByRole('status').waitFor();
    await page.goto(await linkTo(email));
    await page.getByLabel('Organisation').fill(name);
    await page.getByLabel('Short name').fill(slug);
    await page.getByLabel('First domain').fill(domain);
    await page.getByLabel('Your name').fill('Ada');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.waitForURL(`**/t/${slug}`);
    await page.getByRole('heading', { name: 'See what an attacker sees' }).waitFor();
    assert.deepEqual(await inaccessible(page), []);
  });
});

test('each proves its domain and scans it while the other does', async () => {
  await both(async ({ page, slug, domain }) => {
    await page.goto(`/t/${slug}/targets`);
    const card = page.getByRole('article', { name: domain });
    const value = await card.getByText(/^glacis-verification=/).textContent();
    await card.getByRole('button', { name: 'Verify now' }).click();
    await card.getByRole('button', { name: 'Passive scan' }).waitFor();
    await glacis.publish(domain, (value ?? '').trim().replace('glacis-verification=', ''));
    await card.getByRole('button', { name: 'Verify now' }).click();
    await card.getByText('Ownership proven').waitFor();
    await card.getByRole('button', { name: 'Start a scan' }).click();
    await page.waitForURL(/\/scans\//);
    await page.getByText('Completed', { exact: true }).waitFor({ timeout: SCAN_TIMEOUT_MS });
  });
});

test('nothing of the other company shows', async () => {
  await both(async ({ page, slug, context }, other) => {
    await page.goto(`/t/${slug}/findings`);
    await page.getByRole('row').nth(1).waitFor();
    for (const list of [
      'overview',
      'targets',
      'scans',
      'assets?scope=all&pageSize=200',
      'findings?pageSize=200',
    ]) {
      const body = await (await context.request.get(`/api/tenants/${slug}/${list}`)).text();
      assert.ok(!body.includes(other.slug) && !body.includes(other.email), list);
      const foreign = await context.request.get(`/api/tenants/${other.slug}/${list}`);
      assert.equal(foreign.status(), 404, list);
    }
    await page.goto(`/t/${other.slug}/findings`);
    await page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
  });
});

test('the plan says no before work is lost', async () => {
  const { page, slug } = alder;
  await page.goto(`/t/${slug}/targets`);
  await page.getByLabel('Domain', { exact: true }).fill('alder-second.test');
  await page.getByRole('button', { name: 'Add domain' }).click();
  await page.getByText(/The plan “Starter” allows 1 domain/).waitFor();
});

test('an invited colleague sees what the role allows, until removed', async () => {
  const { page, slug } = alder;
  const email = `grace@${slug}.test`;
  await page.goto(`/t/${slug}/members`);
  await page.getByLabel('E-mail address').fill(email);
  await page.getByRole('combobox', { name: 'Role', exact: true }).first().click();
  await page.getByRole('option', { name: 'Observer' }).click();
  await page.getByRole('button', { name: 'Invite' }).click();
  const colleague = await newPage(await newContext());
  await colleague.goto(await linkTo(email));
  await colleague.getByLabel('Your name').fill('Grace');
  await colleague.getByLabel('Password').fill(PASSWORD);
  await colleague.getByRole('button', { name: 'Accept the invitation' }).click();
  await colleague.waitForURL(`**/t/${slug}`);
  await colleague.getByRole('link', { name: 'Findings' }).first().waitFor();
  assert.equal(await colleague.getByRole('link', { name: 'Members' }).count(), 0);
  const start = await colleague.request.post(`/api/tenants/${slug}/targets`, { data: { domain: 'x.test' } });
  assert.equal(start.status(), 403);
  await page.reload();
  await page.getByRole('button', { name: 'Remove Grace' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Remove Grace' }).waitFor({ state: 'detached' });
  assert.equal((await colleague.request.get(`/api/tenants/${slug}/targets`)).status(), 404);
});

test('the audit log of each holds its own acts and verifies', async () => {
  await both(async ({ page, slug, email, context }, other) => {
    await page.goto(`/t/${slug}/audit`);
    await page.getByText(email).first().waitFor();
    const log = await (await context.request.get(`/api/tenants/${slug}/audit?pageSize=200`)).text();
    assert.ok(!log.includes(other.slug) && !log.includes(other.email));
    const verified: unknown = await (
      await context.request.get(`/api/tenants/${slug}/audit/verification`)
    ).json();
    assert.ok(auditVerification.parse(verified).isIntact);
  });
});

test('all the time no request left the origin and the browser had nothing to complain about', () => {
  assert.deepEqual(browser.foreignRequests, []);
  assert.deepEqual(browser.complaints, []);
});
