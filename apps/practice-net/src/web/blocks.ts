import type { Site } from '../world/site.ts';
import { document, escapeHtml, HTML } from './page.ts';
import type { Content, ListedBy, Page } from './page.ts';

/** A markup page of the site. */
export function markup(
  site: Site,
  path: string,
  listedBy: ListedBy,
  content: Content,
  extra: Pick<Page, 'status' | 'headers' | 'emails'> = {},
): Page {
  return { path, listedBy, mediaType: HTML, ...extra, body: () => document(site, content) };
}

/** The wide band at the top of a start page. */
export function hero(title: string, text: string, action?: readonly [path: string, label: string]): string {
  const button =
    action === undefined ? '' : `<p><a class="button" href="${action[0]}">${escapeHtml(action[1])}</a></p>`;
  return `    <section class="hero"><div class="bar">
      <div><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>${button}</div>
      <img src="/assets/hero.svg" alt="" width="380" height="238">
    </div></section>`;
}

/** A card of a grid. */
export interface Card {
  readonly title: string;
  readonly text: string;
  readonly path?: string;
  readonly picture?: string;
  readonly price?: string;
}

/** A grid of cards. */
export function cards(entries: readonly Card[]): string {
  const each = entries.map(card => {
    const title = escapeHtml(card.title);
    const picture =
      card.picture === undefined
        ? ''
        : `<img src="/assets/${card.picture}.svg" alt="" width="320" height="200">`;
    const heading = card.path === undefined ? title : `<a href="${card.path}">${title}</a>`;
    const price = card.price === undefined ? '' : `<p class="price">${card.price}</p>`;
    return `      <div class="card">${picture}<h3>${heading}</h3><p>${escapeHtml(card.text)}</p>${price}</div>`;
  });
  return `    <div class="cards">\n${each.join('\n')}\n    </div>`;
}

/** A section of text in a readable width. */
export function section(title: string, ...paragraphs: readonly string[]): string {
  const text = paragraphs.map(paragraph => `      <p>${paragraph}</p>`).join('\n');
  return `    <section class="wrap narrow">\n      <h1>${escapeHtml(title)}</h1>\n${text}\n    </section>`;
}

/** A section of any markup in full width. */
export function wrap(inner: string): string {
  return `    <section class="wrap">\n${inner}\n    </section>`;
}

/** Links to other sites, as a list. */
export function outsideLinks(site: Site): string {
  if (site.links.length === 0) return '';
  const items = site.links.map(url => `<li><a href="${url}">${escapeHtml(new URL(url).hostname)}</a></li>`);
  return wrap(`      <h2>Elsewhere</h2>\n      <ul>${items.join('')}</ul>`);
}

/** Pictures that come from other hosts. */
export function outsidePictures(site: Site): string {
  return site.embeds
    .filter(url => url.endsWith('.svg'))
    .map(url => `<img src="${url}" alt="" width="40" height="40">`)
    .join('');
}

/** The page with addresses and a form. */
export function contactPage(site: Site, navigation: Content['navigation'] = []): Page {
  const addresses = site.emails
    .map(address => `<a href="mailto:${address}">${address}</a>`)
    .join('<br>\n        ');
  const main = `    <section class="wrap narrow">
      <h1>Contact</h1>
      <p>Write to us, or leave a message and we answer within two working days.</p>
      <p>${addresses}</p>
      <form action="/contact" method="post">
        <label for="name">Name</label><input id="name" name="name" autocomplete="name">
        <label for="reply">E-mail</label><input id="reply" name="reply" type="email">
        <label for="message">Message</label><textarea id="message" name="message" rows="5"></textarea>
        <button>Send</button>
      </form>
    </section>`;
  return markup(
    site,
    '/contact',
    1,
    { title: `Contact · ${site.company}`, main, navigation },
    { emails: site.emails },
  );
}

/** A sign-in box in the middle of the page. */
export function signInMain(heading: string, action: string, note = ''): string {
  return `  <div class="box">
    <span class="mark"></span>
    <h2>${escapeHtml(heading)}</h2>
    <form action="${action}" method="post">
      <label for="username">User name</label><input id="username" name="username" autocomplete="username">
      <label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password">
      <button>Sign in</button>
    </form>
    <p class="muted">${note}</p>
  </div>`;
}
