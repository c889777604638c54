const KEY = 'glacis.tenant';

/** The slug of the tenant that was open last in this browser, if it is known. */
export function lastTenant(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers the open tenant for the next visit. */
export function rememberTenant(slug: string): void {
  try {
    localStorage.setItem(KEY, slug);
  } catch {
    // Storage is switched off: the first tenant opens next time.
  }
}
