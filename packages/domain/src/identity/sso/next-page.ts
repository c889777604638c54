/** A page of the app that belongs to the tenant, or its overview. */
export function pageWithin(next: string | undefined, slug: string): string {
  const home = `/t/${slug}`;
  if (next === undefined || !URL.canParse(next, 'https://page.invalid')) return home;
  const { origin, pathname, search } = new URL(next, 'https://page.invalid');
  const isInside =
    origin === 'https://page.invalid' && (pathname === home || pathname.startsWith(`${home}/`));
  return isInside ? `${pathname}${search}` : home;
}
