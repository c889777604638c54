import type { Site } from '../world/site.ts';
import { cards, contactPage, hero, markup, outsideLinks, section, signInMain, wrap } from './blocks.ts';
import { document, HTML } from './page.ts';
import type { Page } from './page.ts';

const goods = [
  ['aurora-pendant', 'Aurora pendant', '€ 289.00'],
  ['meridian-desk', 'Meridian desk lamp', '€ 149.00'],
  ['solstice-strip', 'Solstice grow strip', '€ 89.00'],
  ['spare-driver', 'Spare driver', '€ 24.00'],
] as const;

const navigation = [
  ['/catalogue', 'Catalogue'],
  ['/basket', 'Basket'],
  ['/login', 'Sign in'],
  ['/contact', 'Contact'],
] as const;

/** The search page writes the search word back without escaping it: a weakness that only an active check can see. */
function searchPage(site: Site): Page {
  return {
    path: '/search',
    listedBy: 1,
    mediaType: HTML,
    body: query => {
      const word = (query.get('q') ?? '').slice(0, 2000);
      const main = section(
        'Search',
        word === '' ? 'What are you looking for?' : `Nothing found for ${word}.`,
      );
      return document(site, { title: `Search · ${site.company}`, main, navigation });
    },
  };
}

/** The shop: catalogue, basket, search, sign-in. */
export function shopPages(site: Site): readonly Page[] {
  const title = (text: string): string => `${text} · ${site.company}`;
  const grid = cards(
    goods.map(([path, name, price]) => ({
      title: name,
      text: 'In stock, sent within two days.',
      path: `/catalogue/${path}`,
      picture: path,
      price,
    })),
  );
  const searchForm =
    '<form action="/search" method="get"><label for="q">Search the shop</label><input id="q" name="q"><button>Search</button></form><p><a href="/search">All results</a></p>';
  return [
    markup(site, '/', 'start', {
      title: title('Daylight at home'),
      navigation,
      main: [
        hero('Daylight at home', 'The lamps from the workshop, at workshop prices.', [
          '/catalogue',
          'Browse',
        ]),
        wrap(grid),
        wrap(searchForm),
        outsideLinks(site),
      ].join('\n'),
    }),
    markup(site, '/catalogue', 1, { title: title('Catalogue'), navigation, main: wrap(grid) }),
    ...goods.map(([path, name, price]) =>
      markup(site, `/catalogue/${path}`, 1, {
        title: title(name),
        navigation,
        main: section(
          name,
          `<span class="price">${price}</span>`,
          '<a class="button" href="/basket">Add to basket</a>',
        ),
      }),
    ),
    markup(site, '/basket', 1, {
      title: title('Basket'),
      navigation,
      main: section('Basket', 'It is empty.'),
    }),
    markup(site, '/login', 1, {
      title: title('Sign in'),
      isPanel: true,
      main: signInMain('Sign in to the shop', '/login'),
    }),
    searchPage(site),
    contactPage(site, navigation),
  ];
}

/** An outlet with one page of goods. */
export function shopfrontPages(site: Site): readonly Page[] {
  const grid = cards(
    goods.slice(0, 3).map(([path, name], index) => ({
      title: name,
      text: 'Second choice, with small marks.',
      picture: path,
      price: `€ ${(index + 2) * 19}.00`,
    })),
  );
  return [
    markup(site, '/', 'start', {
      title: site.company,
      navigation: [['/terms', 'Terms']],
      main: `${hero('Outlet', 'Returned and repaired lamps.')}\n${wrap(grid)}`,
    }),
    markup(site, '/terms', 1, {
      title: `Terms · ${site.company}`,
      main: section('Terms', 'All sales are final.'),
    }),
  ];
}
