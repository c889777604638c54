import type { HttpCapability, HttpResponse } from '@glacis/engine';
import { EgressError } from '@glacis/foundation';
import { faviconHash } from './favicon-hash.ts';
import type { Page } from './page.ts';
import { impossiblePath, isHtml } from './site.ts';

const MAX_ICON_BYTES = 256 * 1024;

/** True when two paths that cannot exist both get a page with status 200. */
export async function answersEverything(
  http: HttpCapability,
  origin: string,
  limits: { timeoutMs: number; maxBodyBytes: number },
): Promise<boolean> {
  const answers = await Promise.all(
    [impossiblePath(), `${impossiblePath()}/`].map(path => http.request({ url: origin + path, ...limits })),
  );
  return answers.every(answer => answer.status === 200 && answer.body.length > 0);
}

/** Hash of the icon that the page names, or of `/favicon.ico`. An icon of another site is not fetched. */
export async function iconHash(
  http: HttpCapability,
  origin: string,
  page: Page | undefined,
  limits: { timeoutMs: number },
): Promise<number | undefined> {
  const named = page?.icons.find(icon => URL.canParse(icon, origin));
  const url = new URL(named ?? '/favicon.ico', origin);
  if (url.origin !== origin) return undefined;
  let icon: HttpResponse;
  try {
    icon = await http.request({ url: url.href, ...limits, maxBodyBytes: MAX_ICON_BYTES });
  } catch (error) {
    if (error instanceof EgressError && error.code !== 'cancelled') return undefined;
    throw error;
  }
  const isIcon = icon.status === 200 && !icon.isTruncated && icon.body.length > 0 && !isHtml(icon);
  return isIcon ? faviconHash(icon.body) : undefined;
}
