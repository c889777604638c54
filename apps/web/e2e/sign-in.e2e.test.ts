import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { startInstallation, type Installation } from './installation.ts';
import { inaccessible, openWatchedBrowser, type WatchedBrowser } from './watched-browser.ts';

const PASSWORD = 'a long enough password';
const STEP_MS = 30_000;

let glacis: Installation;
let browser: WatchedBrowser;
let page: Page;
let home: string;
let email: string;
let recoveryCodes: string[];
before(async () => {
  glacis = await startInstallation({ isNamed: true });
  browser = await openWatchedBrowser(glacis.address);
  page = browser.page;
  // A security key inside Chromium that verifies its user.
  const session = await browser.context.newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
});
after(async () => {
  await browser?.close();
  await glacis?.stop();
});

/** A code of RFC 6238, `steps` away from now. */
function codeOf(secret: string, steps = 0): string {
  const bits = [...secret].map(letter =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  const key = Buffer.from((bits.join('').match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP_MS) + steps));
  const hash = createHmac('sha1', key).update(counter).digest();
  const at = (hash.at(-1) ?? 0) & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
async function signOut(): Promise<void> {
  await page.goto(home);
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL(/\/(sign-in|welcome)/);
  await page.goto(`${glacis.address}/sign-in`);
}
async function givePassword(): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'One more step' }).waitFor();
}
async function bothThemes(name: string): Promise<void> {
  for (const isDark of [false, true]) {
    await page.evaluate(`document.documentElement.classList.toggle('dark', ${isDark})`);
    const folder = process.env['GLACIS_SCREENSHOTS'];
    if (folder)
      await page.screenshot({ path: `${folder}/${name}-${isDark ? 'dark' : 'light'}.png`, fullPage: true });
    assert.deepEqual(await inaccessible(page), [], `${name} ${isDark ? 'dark' : 'light'}`);
  }
  await page.evaluate(`document.documentElement.classList.remove('dark')`);
}

test('an authenticator app is set up from the drawing or the text, and brings recovery codes', async () => {
  await page.goto(glacis.link);
  await page.getByRole('button', { name: 'Use the link and sign in' }).click();
  await page.waitForURL(/\/t\/[^/]+$/);
  home = page.url();
  const session = (await (await page.request.get('/api/session')).json()) as { user: { email: string } };
  email = session.user.email;
  await page.request.put('/api/session/password', { data: { password: PASSWORD } });
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Ways to sign in' }).click();
  await page.getByRole('button', { name: 'Set up' }).click();
  const drawing = page.getByRole('img', { name: /^QR code/ });
  await drawing.waitFor();
  await page.waitForFunction(`document.querySelector('img[alt^="QR code"]').naturalWidth > 0`);
  await bothThemes('app');
  const secret = await page.locator('code').innerText();
  await page.getByLabel('Code of your authenticator app').fill('000000');
  await page.getByRole('button', { name: 'Confirm', exact: true }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Code of your authenticator app').fill(codeOf(secret, -1));
  await page.keyboard.press('Enter');
  const codes = page.getByRole('region', { name: 'Recovery codes' }).getByRole('listitem');
  await codes.first().waitFor();
  assert.equal(await codes.count(), 10);
  recoveryCodes = await codes.allInnerTexts();
  await bothThemes('security');

  await signOut();
  await bothThemes('sign-in');
  await givePassword();
  await bothThemes('second-step');
  await page.getByLabel('Code of your authenticator app').fill(codeOf(secret));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/t\/[^/]+$/);
});

test('a recovery code lets in, by keyboard alone, and counts once', async () => {
  for (const isFirst of [true, false]) {
    await signOut();
    await givePassword();
    await page.getByRole('button', { name: 'Use a recovery code' }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Recovery code').fill(recoveryCodes[0] ?? '');
    await page.keyboard.press('Enter');
    if (isFirst) await page.waitForURL(/\/t\/[^/]+$/);
    else await page.getByRole('alert').waitFor();
    if (!isFirst) break;
  }
});

test('a passkey of the browser is added, signs in without a password, and serves as second step', async () => {
  await page.goto(`${glacis.address}/sign-in`);
  await givePassword();
  await page.getByRole('button', { name: 'Use a recovery code' }).click();
  await page.getByLabel('Recovery code').fill(recoveryCodes[1] ?? '');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/t\/[^/]+$/);
  await page.goto(`${glacis.address}/security`);
  await page.getByLabel('Name of the passkey').fill('Work laptop');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('Work laptop').waitFor();
  await bothThemes('passkeys');

  await signOut();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.waitForURL(/\/t\/[^/]+$/);
  await signOut();
  await givePassword();
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.waitForURL(/\/t\/[^/]+$/);
});

test('a policy of the tenant leads who does not satisfy it to what is missing', async () => {
  await page.goto(`${home}/sign-in`);
  await page.getByRole('checkbox', { name: 'Require a second factor' }).click();
  await bothThemes('settings');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('This holds from now on', { exact: false }).first().waitFor();
  await page.reload();
  await page.getByRole('checkbox', { name: 'Require a second factor', checked: true }).waitFor();
  await page.getByRole('checkbox', { name: 'Password or one-time link' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('This holds from now on', { exact: false }).first().waitFor();
  await signOut();
  await givePassword();
  await page.getByRole('button', { name: 'Use a recovery code' }).click();
  await page.getByLabel('Recovery code').fill(recoveryCodes[2] ?? '');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/security\?/);
  await page.getByText('is not allowed there', { exact: false }).waitFor();
  await bothThemes('breach');
});

test('no page asked anything of another origin, and the browser had nothing to complain about', () => {
  assert.deepEqual(browser.foreignRequests, []);
  assert.deepEqual(browser.complaints, []);
});
