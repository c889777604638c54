/** A language tag that formats can use: English in place of one that is none. */
export function knownLanguage(language: string): string {
  try {
    return Intl.getCanonicalLocales(language.replaceAll('_', '-'))[0] ?? 'en';
  } catch {
    return 'en';
  }
}

/** The day of a date or moment in words; a text that is no date stays as it is. Times are in UTC. */
export function dateInWords(value: string, language: string): string {
  return inWords(value, language, { dateStyle: 'long' });
}

/** A moment with its time of day, in UTC. */
export function momentInWords(value: string, language: string): string {
  return inWords(value, language, { dateStyle: 'medium', timeStyle: 'short' });
}

function inWords(value: string, language: string, options: Intl.DateTimeFormatOptions): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return value;
  return new Intl.DateTimeFormat(knownLanguage(language), { ...options, timeZone: 'UTC' }).format(date);
}

/** Puts values in the place of `{name}`. */
export function fillIn(text: string, values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values).reduce(
    (whole, [name, value]) => whole.replaceAll(`{${name}}`, () => String(value)),
    text,
  );
}
