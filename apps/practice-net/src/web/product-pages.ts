import type { Site } from '../world/site.ts';
import { hero, markup, section, signInMain, wrap } from './blocks.ts';
import type { Page } from './page.ts';

function json(path: string, listedBy: Page['listedBy'], data: unknown, status = 200): Page {
  return {
    path,
    listedBy,
    mediaType: 'application/json; charset=utf-8',
    status,
    body: () => `${JSON.stringify(data)}\n`,
  };
}

/** A sign-in page to which the start page redirects on the same site. */
export function loginPages(site: Site): readonly Page[] {
  return [
    {
      path: '/',
      listedBy: 'start',
      mediaType: 'text/plain; charset=utf-8',
      status: 302,
      headers: [['Location', '/login']],
      body: () => 'Found. Redirecting to /login\n',
    },
    markup(site, '/login', 1, {
      title: `Sign in · ${site.company}`,
      isPanel: true,
      main: signInMain(site.company, '/login', '<a href="/reset">Password forgotten?</a>'),
    }),
    markup(site, '/reset', 2, {
      title: `New password · ${site.company}`,
      isPanel: true,
      main: '  <div class="box"><h2>New password</h2><form action="/reset" method="post"><label for="mail">E-mail</label><input id="mail" name="mail"><button>Send link</button></form></div>',
    }),
  ];
}

/** An API: JSON at the start, nothing to crawl. */
export function apiPages(site: Site): readonly Page[] {
  return [
    json('/', 'start', { name: site.company, version: '3.2.1', status: 'ok' }),
    json('/v1/status', 'nothing', { status: 'ok' }),
    json('/openapi.json', 'nothing', {
      openapi: '3.1.0',
      info: { title: site.company, version: '3.2.1' },
      paths: {},
    }),
  ];
}

/** An API that wants credentials for everything. */
export function intakePages(): readonly Page[] {
  const denied = { error: 'unauthorised' };
  return [json('/', 'start', denied, 401), json('/v1/collect', 'nothing', denied, 401)];
}

/** The members' area. */
export function membersPages(site: Site): readonly Page[] {
  const navigation = [
    ['/benefits', 'Benefits'],
    ['/events', 'Events'],
  ] as const;
  return [
    markup(site, '/', 'start', {
      title: site.company,
      navigation,
      main: hero(
        'Welcome back',
        'Spare parts at cost, the workshop on Saturdays, and first pick of the outlet.',
      ),
    }),
    markup(site, '/benefits', 1, {
      title: `Benefits · ${site.company}`,
      navigation,
      main: section('Benefits', 'Ten per cent on everything that is not already cheap.'),
    }),
    markup(site, '/events', 1, {
      title: `Events · ${site.company}`,
      navigation,
      main: section('Events', 'Repair evening, first Thursday of the month.'),
    }),
  ];
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map(cell => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `      <table><thead>${cells('th', head)}</thead><tbody>${rows.map(row => cells('td', row)).join('')}</tbody></table>`;
}

/** A service status board. */
export function statusPages(site: Site): readonly Page[] {
  const good = '<span class="dot"></span>operational';
  const slow = '<span class="dot warm"></span>slow';
  const rows = [
    ['Shop', good, '99.98 %'],
    ['Customer portal', good, '99.95 %'],
    ['Interface for partners', slow, '99.41 %'],
    ['Order tracking', good, '99.99 %'],
  ];
  const navigation = [['/history', 'History']] as const;
  return [
    markup(site, '/', 'start', {
      title: `Status · ${site.company}`,
      navigation,
      main: wrap(
        `      <h1>All systems nearly normal</h1>\n${tableOf(['Service', 'State', '90 days'], rows)}`,
      ),
    }),
    markup(site, '/history', 1, {
      title: `History · ${site.company}`,
      navigation,
      main: section('History', '3 November: partner interface slow for forty minutes.'),
    }),
  ];
}

/** A code server. */
export function forgePages(site: Site): readonly Page[] {
  const navigation = [['/explore', 'Explore']] as const;
  const rows = [
    ['<a href="/larkspur/driver-firmware">larkspur/driver-firmware</a>', 'C', '2 days ago'],
    ['<a href="/larkspur/shop-theme">larkspur/shop-theme</a>', 'CSS', '3 weeks ago'],
  ];
  return [
    markup(site, '/', 'start', {
      title: site.company,
      navigation,
      main: [
        hero('Code of the workshop', 'Self-hosted repositories of the Larkspur group.', [
          '/explore',
          'Explore',
        ]),
        wrap(`      <h2>Recently updated</h2>\n${tableOf(['Name', 'Language', 'Updated'], rows)}`),
      ].join('\n'),
    }),
    markup(site, '/explore', 1, {
      title: `Explore · ${site.company}`,
      navigation,
      main: wrap(`      <h1>Repositories</h1>\n${tableOf(['Name', 'Language', 'Updated'], rows)}`),
    }),
    ...['driver-firmware', 'shop-theme'].map(name =>
      markup(site, `/larkspur/${name}`, 1, {
        title: `${name} · ${site.company}`,
        navigation,
        main: section(`larkspur/${name}`, 'This repository can be read by members only.'),
      }),
    ),
  ];
}

/** A build server's board. */
export function buildsPages(site: Site): readonly Page[] {
  const good = '<span class="dot"></span>stable';
  const bad = '<span class="dot warm"></span>unstable';
  const rows = [
    ['driver-firmware', good, '4 min 12 s'],
    ['shop', bad, '11 min 3 s'],
    ['portal', good, '2 min 55 s'],
  ];
  return [
    markup(site, '/', 'start', {
      title: `Dashboard · ${site.company}`,
      navigation: [['/queue', 'Queue']],
      main: wrap(`      <h1>Jobs</h1>\n${tableOf(['Job', 'State', 'Last run'], rows)}`),
    }),
    markup(site, '/queue', 1, {
      title: `Queue · ${site.company}`,
      main: section('Queue', 'No builds are waiting.'),
    }),
  ];
}

/** Panels with figures. */
export function metricsPages(site: Site): readonly Page[] {
  const panel = (name: string, value: string): string =>
    `<div class="card"><p class="muted">${name}</p><p class="stat">${value}</p></div>`;
  const panels = [
    panel('Kiln temperature', '1,184 °C'),
    panel('Gas flow', '3.2 m³/h'),
    panel('Load', '64 %'),
    panel('Alarms', '0'),
  ];
  return [
    markup(site, '/', 'start', {
      title: site.company,
      navigation: [['/targets', 'Targets']],
      main: wrap(`      <h1>Kiln 4</h1>\n      <div class="cards">${panels.join('')}</div>`),
    }),
    markup(site, '/targets', 1, {
      title: `Targets · ${site.company}`,
      main: section('Targets', '12 of 12 are up.'),
    }),
  ];
}

/** What a web server shows before anybody has put a site there. */
export function defaultPages(site: Site): readonly Page[] {
  return [
    markup(site, '/', 'start', {
      title: site.company,
      main: section(
        site.company,
        'This server is set up and running. Its content is for staff and lives under other paths.',
      ),
    }),
  ];
}

/** Downloads, with a link to the folder that lists itself. */
export function downloadsPages(site: Site): readonly Page[] {
  return [
    markup(site, '/', 'start', {
      title: site.company,
      main: section(
        'Downloads',
        'Data sheets and price lists for dealers are in the <a href="/files/">files folder</a>.',
      ),
    }),
  ];
}
