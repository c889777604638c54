import type { Site } from '../world/site.ts';
import { cards, contactPage, hero, markup, outsideLinks, outsidePictures, section, wrap } from './blocks.ts';
import type { Page } from './page.ts';

/** The company site: the deepest of all, with pages that only robots.txt or the sitemap name. */
export function companyPages(site: Site): readonly Page[] {
  const navigation = [
    ['/products', 'Products'],
    ['/about', 'About'],
    ['/news', 'News'],
    ['/careers', 'Careers'],
    ['/contact', 'Contact'],
  ] as const;
  const page = (path: string, listedBy: Page['listedBy'], title: string, main: string): Page =>
    markup(site, path, listedBy, { title: `${title} · ${site.company}`, main, navigation });
  return [
    page(
      '/',
      'start',
      'Lamps that follow the sun',
      [
        hero(
          'Lamps that follow the sun',
          'Larkspur makes daylight lamps for offices, schools and greenhouses. Assembled in Larkfield since 1987.',
          ['/products', 'See the range'],
        ),
        wrap(
          cards([
            { title: 'Aurora', text: 'A ceiling lamp that changes with the hour.', picture: 'aurora' },
            {
              title: 'Meridian',
              text: 'Task light with a quiet driver and ten years of warranty.',
              picture: 'meridian',
            },
            { title: 'Solstice', text: 'Light for seedlings, measured leaf by leaf.', picture: 'solstice' },
          ]),
        ),
        outsideLinks(site),
        `    <p class="wrap">${outsidePictures(site)}</p>`,
      ].join('\n'),
    ),
    page(
      '/products',
      1,
      'Products',
      wrap(
        cards([
          {
            title: 'Aurora',
            text: '3,200 lm, 2,700 to 6,500 K.',
            path: '/products/aurora',
            picture: 'aurora',
          },
          { title: 'Meridian', text: '900 lm, dimmable.', path: '/products/meridian', picture: 'meridian' },
          {
            title: 'Solstice',
            text: '48 W of red and blue.',
            path: '/products/solstice',
            picture: 'solstice',
          },
        ]),
      ),
    ),
    ...['aurora', 'meridian', 'solstice'].map(name =>
      page(
        `/products/${name}`,
        2,
        name.slice(0, 1).toUpperCase() + name.slice(1),
        section(
          name.slice(0, 1).toUpperCase() + name.slice(1),
          'Drivers and diodes are replaced with one screw; spare parts are kept for fifteen years.',
          '<a href="/contact">Ask for a sample</a>',
        ),
      ),
    ),
    page(
      '/about',
      1,
      'About',
      section('About us', 'Ninety people, one workshop, one idea: light is a tool.'),
    ),
    page(
      '/news',
      1,
      'News',
      section(
        'News',
        '<a href="/news/daylight-award">Larkspur receives the Daylight Award</a> · 12 October 2026',
      ),
    ),
    page(
      '/news/daylight-award',
      2,
      'Daylight Award',
      section(
        'Larkspur receives the Daylight Award',
        'The jury praised the repairable driver of the Meridian.',
        '<a href="/news/daylight-award/press-kit">Press kit</a>',
      ),
    ),
    page(
      '/news/daylight-award/press-kit',
      3,
      'Press kit',
      section('Press kit', '<a href="/news/daylight-award/press-kit/archive">Older pictures</a>'),
    ),
    page(
      '/news/daylight-award/press-kit/archive',
      4,
      'Press archive',
      section('Older pictures', 'Nothing older than 2019 is kept here.'),
    ),
    page(
      '/careers',
      1,
      'Careers',
      section('Careers', 'We are looking for a driver engineer (Larkfield) and a field technician (north).'),
    ),
    page('/legal', 'sitemap', 'Legal', section('Legal', 'Larkspur Ltd, Larkfield, company number 4711.')),
    page(
      '/investors',
      'robots',
      'Investors',
      section('Investors', 'Half-year figures for shareholders will be published on 30 November.'),
    ),
    page('/drafts/2027', 'nothing', 'Draft', section('Catalogue 2027', 'Not yet released.')),
    contactPage(site, navigation),
  ];
}

/** A small company's site: what most of the generated hosts show. */
export function smallPages(site: Site): readonly Page[] {
  const navigation = [
    ['/services', 'Services'],
    ['/about', 'About'],
    ['/contact', 'Contact'],
  ] as const;
  const title = (text: string): string => `${text} · ${site.company}`;
  return [
    markup(site, '/', 'start', {
      title: site.company,
      navigation,
      main: [
        hero(site.company, 'Part of the Larkspur group. Reliable work, written down and handed over.', [
          '/services',
          'What we do',
        ]),
        wrap(
          cards([
            {
              title: 'Planning',
              text: 'From the first sketch to the bill of materials.',
              picture: 'planning',
            },
            { title: 'Fitting', text: 'On your site, at night if need be.', picture: 'fitting' },
            { title: 'Care', text: 'One call, one person, one visit.', picture: 'care' },
          ]),
        ),
        outsideLinks(site),
      ].join('\n'),
    }),
    markup(site, '/services', 1, {
      title: title('Services'),
      navigation,
      main: section('Services', 'Planning, fitting and care of lighting for work places.'),
    }),
    markup(site, '/about', 1, {
      title: title('About'),
      navigation,
      main: section('About', 'We are a team of nine in the Larkspur group.'),
    }),
    contactPage(site, navigation),
  ];
}

/** Articles under a masthead. */
export function blogPages(site: Site): readonly Page[] {
  const navigation = [
    ['/about', 'About'],
    ['/contact', 'Contact'],
  ] as const;
  const posts = [
    ['/2026/10/measuring-dusk', 'Measuring dusk', 'How we found out that our meters were five lux off.'],
    ['/2026/08/one-screw', 'One screw', 'The driver that anybody can change, and why it took four years.'],
    ['/2026/05/seedlings', 'What seedlings see', 'Notes from the greenhouse in Larkfield.'],
  ] as const;
  const list = posts
    .map(
      ([path, name, text]) =>
        `    <article><h2><a href="${path}">${name}</a></h2><p class="muted">by Ada Fenn</p><p>${text}</p></article>`,
    )
    .join('\n');
  return [
    markup(site, '/', 'start', {
      title: `${site.company} · the Larkspur blog`,
      navigation,
      main: `${hero('Field Notes', 'Light, measured and written down. The Larkspur blog.')}\n${list}`,
    }),
    ...posts.map(([path, name, text]) =>
      markup(site, path, 1, {
        title: `${name} · ${site.company}`,
        navigation,
        main: section(name, text, 'The rest of this note is in the printed edition.'),
      }),
    ),
    markup(site, '/about', 1, {
      title: `About · ${site.company}`,
      navigation,
      main: section('About', 'Written by the people who build the lamps.'),
    }),
    contactPage(site, navigation),
  ];
}
