import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CLIENT,
  startProvider,
  startSamlProvider,
  type RunningProvider,
  type RunningSamlProvider,
} from '@glacis/app-practice-net/testing';
import type { Page } from 'playwright-core';
import { startInstallation, type Installation } from './installation.ts';
import { inaccessible, openWatchedBrowser, type WatchedBrowser } from './watched-browser.ts';

let oidc: RunningProvider;
let saml: RunningSamlProvider;
let glacis: Installation;
let browser: WatchedBrowser;
let page: Page;
let home: string;
let domain: string;

before(async () => {
  [oidc, saml] = await Promise.all([startProvider([]), startSamlProvider()]);
  // The app is at localhost and the providers at 127.0.0.1: another site, so cookies do not come along.
  glacis = await startInstallation({
    isNamed: true,
    settings: {
      GLACIS_PRIVATE_PROVIDERS: `${oidc.host},${saml.host}`,
      GLACIS_TENANT_DOMAIN: 'tenants.localhost',
    },
  });
  browser = await openWatchedBrowser(glacis.address);
  page = browser.page;
  page.setDefaultTimeout(30_000);
});
after(async () => {
  await browser?.close();
  await glacis?.stop();
  await Promise.all([oidc?.close(), saml?.close()]);
});

async function bothThemes(of: Page, name: string): Promise<void> {
  for (const isDark of [false, true]) {
    await of.evaluate(`document.documentElement.classList.toggle('dark', ${isDark})`);
    const folder = process.env['GLACIS_SCREENSHOTS'];
    if (folder)
      await of.screenshot({ path: `${folder}/${name}-${isDark ? 'dark' : 'light'}.png`, fullPage: true });
    assert.deepEqual(await inaccessible(of), [], `${name} ${isDark ? 'dark' : 'light'}`);
  }
  await of.evaluate(`document.documentElement.classList.remove('dark')`);
}
/** Another browser, in which somebody signs in by the domain of their address. */
async function signInElsewhere(email: string, provider: string): Promise<Page> {
  const context = await browser.context.browser()?.newContext({ baseURL: glacis.address });
  assert.ok(context);
  const other = await context.newPage();
  other.setDefaultTimeout(30_000);
  await other.goto('/sign-in');
  await other.getByRole('button', { name: 'Sign in by your organisation' }).click();
  await other.getByLabel('E-mail address').fill(email);
  await other.getByRole('button', { name: 'Continue', exact: true }).click();
  const choice = other.getByRole('button', { name: provider });
  await Promise.race([choice.click().catch(() => {}), other.waitForURL(/\/t\/[^/]+$/)]);
  return other;
}
async function whoIs(other: Page): Promise<{ email: string; tenants: string[] }> {
  const { user, tenants } = (await (await other.request.get('/api/session')).json()) as {
    user: { email: string };
    tenants: { slug: string }[];
  };
  return { email: user.email, tenants: tenants.map(tenant => tenant.slug) };
}

test('an admin proves a domain and opens the settings', async () => {
  await page.goto(glacis.link);
  await page.getByRole('button', { name: 'Use the link and sign in' }).click();
  await page.waitForURL(/\/t\/[^/]+$/);
  home = page.url();
  await page.getByRole('button', { name: /^Account of/ }).waitFor();
  await page.goto(`${home}/targets`);
  const card = page.getByRole('article').first();
  domain = (await card.getAttribute('aria-label')) ?? '';
  const value = await card.getByText(/^glacis-verification=/).textContent();
  await glacis.publish(domain, (value ?? '').trim().replace('glacis-verification=', ''));
  await card.getByRole('button', { name: 'Verify now' }).click();
  await card.getByText('Ownership proven').waitFor();
  await page.goto(`${home}/sign-in`);
  await page.getByText('There is none.', { exact: false }).waitFor();
});

test('a provider by OpenID Connect is set up, and somebody comes in by it', async () => {
  await page.getByRole('button', { name: 'Add a provider' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Works account');
  await page.getByLabel('Address of the provider (issuer)').fill(oidc.issuer);
  await page.getByLabel('Client id').fill(CLIENT.clientId);
  await page.getByLabel('Client secret').fill(CLIENT.clientSecret);
  await page.getByLabel('Domains of the addresses it speaks for').fill(domain);
  await bothThemes(page, 'oidc-form');
  await page.getByRole('button', { name: 'Save' }).last().click();
  const address = page.getByText(/\/sign-in\/oidc\//);
  await address.waitFor();
  oidc.register((await address.innerText()).trim());
  const email = `ada@${domain}`;
  oidc.expect({ sub: 'ada', email, email_verified: true, name: 'Ada' });
  const other = await signInElsewhere(email, 'Works account');
  await other.waitForURL(/\/t\/[^/]+$/);
  assert.deepEqual(await whoIs(other), { email, tenants: [new URL(home).pathname.split('/')[2]] });
  await other.context().close();
});

test('a provider by SAML is set up from its metadata, and somebody comes in by it', async () => {
  await page.getByRole('button', { name: 'Add a provider' }).click();
  await page.getByRole('radio', { name: 'SAML 2.0' }).check();
  await page.getByLabel('Name', { exact: true }).fill('Directory');
  await page.getByLabel('Metadata of the provider (XML)').fill(saml.provider.metadata());
  await page.getByRole('button', { name: 'Read metadata' }).click();
  await page.getByText('Read. Look at it, then save.').waitFor();
  assert.equal(await page.getByLabel('Name of the provider (entity id)').inputValue(), saml.provider.issuer);
  await page.getByLabel('Domains of the addresses it speaks for').fill(domain);
  await bothThemes(page, 'saml-form');
  await page.getByRole('button', { name: 'Save' }).last().click();
  await page.getByText(/\/sign-in\/saml\//).waitFor();
  await bothThemes(page, 'providers');
  const email = `grace@${domain}`;
  saml.expect({ nameId: 'grace', attributes: { mail: email, displayName: 'Grace' } });
  const other = await signInElsewhere(email, 'Directory');
  await other.waitForURL(/\/t\/[^/]+$/);
  assert.deepEqual(await whoIs(other), { email, tenants: [new URL(home).pathname.split('/')[2]] });
  await other.reload();
  await other.getByRole('heading', { level: 1 }).waitFor();
  // The tenant's own host leads to the same place, and the session is still there.
  const { port, pathname } = new URL(home);
  await other.goto(`http://${pathname.split('/')[2]}.tenants.localhost:${port}/findings`);
  await other.waitForURL(`${home}/findings`);
  await other.getByRole('heading', { level: 1, name: 'Findings' }).waitFor();
  await other.context().close();
});

test('who may not come in is told so, and can begin again', async () => {
  const email = `eve@${domain}`;
  saml.expect({ nameId: 'eve', attributes: { mail: 'eve@elsewhere.test' } });
  const other = await signInElsewhere(email, 'Directory');
  await other.getByRole('alert').waitFor();
  await bothThemes(other, 'refused');
  saml.expect({ nameId: 'eve', attributes: { mail: email } });
  await other.getByRole('button', { name: 'Begin again' }).click();
  await other.waitForURL(/\/t\/[^/]+$/);
  await other.context().close();
});

test('no page asked anything of another origin, and the browser had nothing to complain about', () => {
  assert.deepEqual(browser.foreignRequests, []);
  assert.deepEqual(browser.complaints, []);
});
