/** The first day of a date or moment in words; a text that is no date stays as it is. Times are in UTC. */
export function dateInWords(value: string, language: string): string {
  return inWords(value, language, { dateStyle: 'long' });
}

/** A moment with its time of day, in UTC. */
export function momentInWords(value: string, language: string): string {
  return inWords(value, language, { dateStyle: 'medium', timeStyle: 'short' });
}

/** Two days as a range, what they share written once; either may be empty. */
export function datesInWords(from: string, to: string, language: string): string {
  const [first, last] = [new Date(from), new Date(to)];
  if (Number.isNaN(first.getTime()) || Number.isNaN(last.getTime()) || first > last)
    return [from, to]
      .filter(value => value !== '')
      .map(value => dateInWords(value, language))
      .join(' – ');
  return new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).formatRange(first, last);
}

function inWords(value: string, language: string, options: Intl.DateTimeFormatOptions): string {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return value;
  return new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' }).format(date);
}

/** Puts values in the place of `{name}`. */
export function fillIn(text: string, values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values).reduce(
    (whole, [name, value]) => whole.replaceAll(`{${name}}`, () => String(value)),
    text,
  );
}
