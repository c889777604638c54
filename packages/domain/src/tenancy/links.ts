import { newSecret, sha256, UserError } from '@glacis/foundation';

/** The secret of a one-time link and what is stored of it. */
export function newLink(): { token: string; hash: string } {
  const token = newSecret();
  return { token, hash: hashOfLink(token) };
}

/** What is stored of a link's secret. */
export function hashOfLink(token: string): string {
  return sha256(token);
}

/** The error for a link that does nothing (any more); what was wrong with it stays unsaid. */
export function linkInvalid(): UserError {
  return new UserError(
    'link.invalid',
    'This link was used already, was withdrawn or has expired. Ask for a new one.',
  );
}
