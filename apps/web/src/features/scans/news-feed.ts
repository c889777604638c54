import type { ScanNews } from '@glacis/contract';

/** Most lines that the live feed keeps. */
export const MAX_FEED_LINES = 200;

/** What tells one line of news from another: assets and findings are numbered apart. */
export function newsKey(news: ScanNews): string {
  return `${news.type}:${news.seq}`;
}

/** Puts fresh news (oldest first) before the lines that are shown (newest first), each once, the oldest falling out. */
export function mergeNews(
  shown: readonly ScanNews[],
  fresh: readonly ScanNews[],
  limit: number = MAX_FEED_LINES,
): readonly ScanNews[] {
  const known = new Set(shown.map(newsKey));
  const added = fresh.filter(news => {
    const key = newsKey(news);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
  return added.length === 0 ? shown : [...added.toReversed(), ...shown].slice(0, limit);
}
