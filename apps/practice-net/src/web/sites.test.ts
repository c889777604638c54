import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { get } from '../../test/clients.ts';
import type { Response } from '../../test/clients.ts';
import { startPracticeNet } from '../practice-net.ts';
import type { PracticeNet } from '../practice-net.ts';
import { surfaceOf } from '../truth/surface.ts';
import type { Endpoint } from '../truth/surface.ts';

let net: PracticeNet;
let endpoints: readonly Endpoint[];

before(async () => {
  // A few generated hosts besides the fixed ones.
  net = await startPracticeNet({ hosts: 70, seed: '5', block: 'auto' });
  ({ endpoints } = surfaceOf(net.world));
});
after(() => net.close());

/** Sites on which many requests in a row would take long. */
const isSlow = (key: string): boolean => key.includes('//status.');
const websites = (): readonly { key: string; address: string }[] =>
  endpoints.flatMap(({ website, host }) =>
    website === undefined ? [] : [{ key: website.key, address: host.address }],
  );
const truthKeys = (kind: string): readonly string[] =>
  net.truth.assets
    .filter(one => one.kind === kind && one.inScope && one.isOptional !== true)
    .map(one => one.key);

/** `/` with redirects inside the site followed; undefined when it leads elsewhere or fails. */
async function landing(address: string, key: string): Promise<Response | undefined> {
  let url = `${key}/`;
  for (let step = 0; step < 3; step += 1) {
    const response = await get(address, url);
    const { location } = response.headers;
    if (response.status >= 500) return undefined;
    if (location === undefined) return response;
    const target = new URL(location, url);
    if (target.host !== new URL(key).host) return undefined;
    url = target.href;
  }
  return undefined;
}

/** What the header and cookie rules say about a response, written down a second time, from the rules alone. */
function judge(key: string, response: Response): string[] {
  const isTls = key.startsWith('https');
  const { headers } = response;
  const policy = headers['content-security-policy'];
  const found: string[] = [];
  if (isTls && headers['strict-transport-security'] === undefined) found.push('http.missing-hsts');
  if (policy === undefined) found.push('http.missing-csp');
  if (headers['x-content-type-options'] !== 'nosniff') found.push('http.missing-content-type-options');
  if (headers['x-frame-options'] === undefined && !String(policy).includes('frame-ancestors')) {
    found.push('http.missing-frame-protection');
  }
  for (const cookie of headers['set-cookie'] ?? []) {
    const name = cookie.slice(0, cookie.indexOf('='));
    if (isTls && !/;\s*secure/i.test(cookie)) found.push(`http.cookie-without-secure ${name}`);
    if (!/;\s*httponly/i.test(cookie)) found.push(`http.cookie-without-httponly ${name}`);
  }
  return found.map(rule => `${key} ${rule}`);
}

async function isCatchAll(address: string, key: string): Promise<boolean> {
  return (await get(address, `${key}/no-such-path-7f3a9c`)).status === 200;
}

describe('the truth about web sites, checked over the wire', () => {
  it('names the sites that answer every path', async () => {
    const found = [];
    for (const { address, key } of websites()) if (await isCatchAll(address, key)) found.push(key);
    const expected = net.truth.findings
      .filter(one => one.ruleId === 'http.catch-all')
      .map(one => one.assetKey);
    assert.deepEqual(found.sort(), expected.sort());
  });
  it('tells the missing headers and bad cookies of each', async () => {
    const found: string[] = [];
    for (const { address, key } of websites()) {
      if (await isCatchAll(address, key)) continue;
      const response = await landing(address, key);
      if (response !== undefined) found.push(...judge(key, response));
    }
    const expected = net.truth.findings
      .filter(one => /^http\.(missing|cookie)-/.test(one.ruleId))
      .map(one => `${one.assetKey} ${one.ruleId} ${one.parameter}`.trim());
    assert.deepEqual(found.sort(), expected.sort());
  });
  it('tells what is exposed where', async () => {
    const proofs: readonly (readonly [string, string, (page: Response) => boolean])[] = [
      ['http.exposed-git', '/.git/HEAD', page => page.body.startsWith('ref: refs/')],
      ['http.exposed-env', '/.env', page => /^DB_PASSWORD=/m.test(page.body)],
      ...['/files/', '/uploads/', '/backup/'].map(
        path =>
          [
            'http.directory-listing',
            path,
            (page: Response) => page.body.includes('<title>Index of'),
          ] as const,
      ),
      ...['/admin/', '/wp-login.php', '/phpmyadmin/'].map(
        path =>
          ['http.admin-panel', path, (page: Response) => page.body.includes('type="password"')] as const,
      ),
      ['http.admin-panel', '/manager/html', page => page.headers['www-authenticate'] !== undefined],
    ];
    const found: string[] = [];
    for (const { address, key } of websites()) {
      if (isSlow(key) || (await isCatchAll(address, key))) continue;
      for (const [rule, path, isProof] of proofs) {
        const page = await get(address, `${key}${path}`);
        if ((page.status === 200 || page.status === 401) && isProof(page))
          found.push(`${key} ${rule} ${path}`);
      }
    }
    const expected = net.truth.findings
      .filter(one => /^http\.(exposed|directory|admin)/.test(one.ruleId))
      .map(one => `${one.assetKey} ${one.ruleId} ${one.parameter}`);
    assert.deepEqual(found.sort(), expected.sort());
  });
  it('lists the technologies that start pages show', async () => {
    const found = new Set<string>();
    const add = (text: string | undefined, pattern: RegExp): void => {
      const [, product, version] = pattern.exec(text ?? '') ?? [];
      if (product !== undefined) {
        found.add(version === undefined ? product.toLowerCase() : `${product.toLowerCase()}/${version}`);
      }
    };
    for (const { address, key } of websites()) {
      const first = await get(address, `${key}/`);
      const page = (await landing(address, key)) ?? first;
      add(String(first.headers.server ?? ''), /^([^/ ]+)(?:\/([^ ]+))?/);
      add(String(first.headers['x-powered-by'] ?? ''), /^([^/ ]+)(?:\/([^ ]+))?/);
      if (!page.headers['content-type']?.startsWith('text/html') || page.status >= 300) continue;
      add(page.body, /name="generator" content="([A-Za-z]+) ([\d.]+)"/);
      add(page.body, /\/(jquery)-([\d.]+)\.min\.js/);
    }
    assert.deepEqual([...found].sort(), [...truthKeys('technology')].sort());
  });
});

/** Paths that a page links to or loads, on its own site. */
function references(response: Response, url: string): string[] {
  const found = response.body.matchAll(/(?:href|src)="([^"]+)"/g);
  return [...found].flatMap(([, target = '']) => {
    const resolved = new URL(target, url);
    return resolved.origin === new URL(url).origin ? [resolved.pathname] : [];
  });
}

async function crawl(address: string, key: string): Promise<ReadonlySet<string>> {
  const depths = new Map([['/', 0]]);
  const pages = new Set<string>();
  const robots = await get(address, `${key}/robots.txt`);
  if (robots.status === 200) {
    for (const [, path = ''] of robots.body.matchAll(/^Disallow: (\/.*)$/gm)) depths.set(path, 1);
    for (const [, map = ''] of robots.body.matchAll(/^Sitemap: (.*)$/gm)) {
      assert.ok(map.startsWith(key));
      const { body } = await get(address, map);
      for (const [, loc = ''] of body.matchAll(/<loc>([^<]+)<\/loc>/g)) {
        if (!depths.has(new URL(loc).pathname)) depths.set(new URL(loc).pathname, 1);
      }
    }
  }
  for (const [path, depth] of depths) {
    const response = await get(address, `${key}${path}`);
    const { location } = response.headers;
    const next = location === undefined ? references(response, `${key}${path}`) : [];
    if (location?.startsWith('/') === true) next.push(location);
    if (response.status === 200 && response.headers['content-type']?.startsWith('text/html') === true) {
      pages.add(`${key}${path}`);
    }
    if (depth >= 3) continue;
    for (const target of next) if (!depths.has(target)) depths.set(target, depth + 1);
  }
  return pages;
}

describe('crawling', () => {
  it('to depth 3 finds exactly the pages of the truth', async () => {
    const expected = new Map<string, string[]>();
    for (const url of truthKeys('url')) {
      const { origin } = new URL(url);
      expected.set(origin, [...(expected.get(origin) ?? []), url]);
    }
    for (const { address, key } of websites()) {
      const behaviour = endpoints.find(({ website }) => website?.key === key)?.website?.site.behaviour;
      if (isSlow(key) || behaviour === 'endless' || behaviour === 'catch-all') continue;
      const found = await crawl(address, key);
      assert.deepEqual([...found].sort(), (expected.get(key) ?? []).sort(), key);
    }
  });
  it('finds the addresses and host names that only pages and scripts hold', async () => {
    const www = net.world.plan.fixed(1);
    const start = await get(www, 'https://www.larkspur.test:8443/');
    const script = await get(www, 'https://www.larkspur.test:8443/assets/app.js');
    const shop = await get(net.world.plan.fixed(3), 'http://shop.larkspur.test:8080/');
    const text = start.body + script.body + shop.body;
    for (const name of net.world.names.filter(one => one.foundBy.join() === 'http-crawl')) {
      if (!net.world.plan.generated(0).startsWith(name.addresses[0]?.slice(0, 8) ?? '-')) {
        assert.ok(text.includes(`${name.name}:`), name.name);
      }
    }
    const contact = await get(www, 'https://www.larkspur.test:8443/contact');
    assert.match(contact.body, /mailto:hello@larkspur\.test/);
  });
});

describe('site behaviours', () => {
  it('the apex redirects to another host, and one site to another organisation', async () => {
    const www = net.world.plan.fixed(1);
    const apex = await get(www, 'https://larkspur.test:8443/about');
    assert.equal(apex.status, 301);
    assert.equal(apex.headers.location, 'https://www.larkspur.test:8443/about');
    const promo = await get(www, 'http://daylight.larkspur.test:8080/');
    assert.equal(promo.headers.location, 'http://promo.bystander.test:8080/');
  });
  it('search writes the word back as it came', async () => {
    const page = await get(net.world.plan.fixed(3), 'http://shop.larkspur.test:8080/search?q=%3Cb%3Ex');
    assert.ok(page.body.includes('<b>x'));
  });
  it('errors look like the server that sends them', async () => {
    const missing = async (index: number, url: string): Promise<string> => {
      const page = await get(net.world.plan.fixed(index), url);
      assert.equal(page.status, 404);
      return page.body;
    };
    assert.match(
      await missing(15, 'http://staging.larkspur.test:8080/x'),
      /<center>nginx\/1\.18\.0<\/center>/,
    );
    assert.match(
      await missing(17, 'http://files.larkspur.test:8080/x'),
      /Apache\/2\.4\.29 \(Ubuntu\) Server/,
    );
    assert.match(await missing(7, 'http://api.larkspur.test:3000/x'), /Cannot GET \/x/);
    assert.match(await missing(12, 'http://dev-portal.larkspur.test:8080/x'), /Server Error/);
  });
  it('other methods are answered as servers do', async () => {
    const shop = (method: string): Promise<Response> =>
      get(net.world.plan.fixed(3), 'http://shop.larkspur.test:8080/login', method);
    assert.equal((await shop('HEAD')).body, '');
    assert.equal((await shop('POST')).status, 303);
    assert.equal((await shop('OPTIONS')).headers['allow'], 'GET, HEAD, POST, OPTIONS');
    assert.equal((await shop('DELETE')).status, 405);
  });
});

describe('certificates', () => {
  it('on the wire are those of the truth, one per endpoint', async () => {
    const seen = new Set<string>();
    for (const { host, name, service, certificate } of endpoints) {
      if (certificate === undefined) continue;
      const socket = connectTls({
        host: host.address,
        port: service.port,
        servername: name.name,
        rejectUnauthorized: false,
      });
      await new Promise<void>((resolve, reject) => {
        socket.once('secureConnect', resolve);
        socket.once('error', reject);
      });
      seen.add(socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase());
      socket.destroy();
    }
    assert.deepEqual([...seen].sort(), [...truthKeys('certificate')].sort());
  });
});
