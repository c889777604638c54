/** What a one-time link is for. */
export type LinkPurpose = 'invitation' | 'sign-up' | 'reset' | 'email';

/**
 * The secret of a one-time link, which stands behind the # of the address. It is taken out of the address and kept for this
 * tab, so that it survives a visit to the sign-in or payment page and stays out of history and logs.
 */
export function linkSecret(purpose: LinkPurpose, hash: string): string {
  const key = `glacis.link.${purpose}`;
  const given = hash.replace(/^#/, '');
  try {
    if (/^[\w-]{20,200}$/.test(given)) {
      sessionStorage.setItem(key, given);
      history.replaceState(history.state, '', location.pathname + location.search);
      return given;
    }
    return sessionStorage.getItem(key) ?? '';
  } catch {
    return given;
  }
}

/** Forgets the secret of a link that has done its work. */
export function forgetLinkSecret(purpose: LinkPurpose): void {
  try {
    sessionStorage.removeItem(`glacis.link.${purpose}`);
  } catch {
    // Storage is switched off: nothing was kept.
  }
}
