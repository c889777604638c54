import type { Site } from '../world/site.ts';

/**
 * How a crawler comes to a page: by a link from the start page (1) or further down (2, 3, 4), by robots.txt or the sitemap,
 * or not at all.
 */
export type ListedBy = 'start' | 1 | 2 | 3 | 4 | 'robots' | 'sitemap' | 'nothing';

/** One path of a site. */
export interface Page {
  readonly path: string;
  readonly listedBy: ListedBy;
  readonly mediaType: string;
  readonly status?: number;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** E-mail addresses that the page shows. */
  readonly emails?: readonly string[];
  /** Text or bytes; the query is what came after `?`, the origin what the client called the site. */
  body(query: URLSearchParams, origin: string): string | Buffer;
}

/** Media type of pages. */
export const HTML = 'text/html; charset=utf-8';

/** Escapes text for HTML content and attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** What a layout needs to wrap a page's content. */
export interface Content {
  readonly title: string;
  readonly main: string;
  /** Entries of the navigation. */
  readonly navigation?: readonly (readonly [path: string, label: string])[];
  /** A panel in the middle of an otherwise empty page. */
  readonly isPanel?: boolean;
}

/** Wraps content into the whole document of the site. */
export function document(site: Site, content: Content): string {
  const { look, software, embeds } = site;
  const navigation = (content.navigation ?? [])
    .map(([path, label]) => `<a href="${path}">${escapeHtml(label)}</a>`)
    .join('\n        ');
  const generator =
    software.generator === undefined ? '' : `\n  <meta name="generator" content="${software.generator}">`;
  const jquery =
    software.jquery === undefined
      ? ''
      : `\n  <script src="/assets/jquery-${software.jquery}.min.js" defer></script>`;
  const outside = embeds
    .filter(url => url.endsWith('.js'))
    .map(url => `\n  <script src="${url}" defer></script>`)
    .join('');
  const head = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">${generator}
  <title>${escapeHtml(content.title)}</title>
  <link rel="icon" href="/favicon.ico">
  <link rel="stylesheet" href="/assets/site.css">${jquery}
  <script src="/assets/app.js" defer></script>${outside}
</head>`;
  if (content.isPanel === true) {
    return `${head}
<body class="${look} panel">
${content.main}
</body>
</html>
`;
  }
  return `${head}
<body class="${look}">
  <header class="top">
    <div class="bar">
      <a class="brand" href="/"><span class="mark"></span>${escapeHtml(site.company)}</a>
      <nav>
        ${navigation}
      </nav>
    </div>
  </header>
  <main>
${content.main}
  </main>
  <footer class="bottom">
    <div class="bar"><span>© 2026 ${escapeHtml(site.company)}</span><span>Registered in Larkfield, no. 4711</span></div>
  </footer>
</body>
</html>
`;
}
