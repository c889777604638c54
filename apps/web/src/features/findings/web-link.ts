/** True for an address that may become a link: http or https and nothing else (never `javascript:`). */
export function isWebLink(text: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}
