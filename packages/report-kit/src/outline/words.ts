import { dateInWords, fillIn, knownLanguage, momentInWords } from './values.ts';

/** The words of a design's labels and of values in one language. */
export interface DesignWords {
  /** A label with its values filled in; its key where there is none. */
  t(key: string, values?: Readonly<Record<string, string | number>>): string;
  /** A label in the plural form for a number. */
  tn(key: string, count: number): string;
  number(value: number): string;
  date(value: string): string;
  moment(value: string): string;
}

/** The words of labels in a language (BCP 47). */
export function designWords(labels: Readonly<Record<string, string>>, language: string): DesignWords {
  const rules = new Intl.PluralRules(knownLanguage(language));
  const numbers = new Intl.NumberFormat(knownLanguage(language));
  const t = (key: string, values: Readonly<Record<string, string | number>> = {}): string =>
    fillIn(labels[key] ?? key, values);
  return {
    t,
    tn: (key, count) =>
      fillIn(labels[`${key}.${rules.select(count)}`] ?? t(`${key}.other`), { n: numbers.format(count) }),
    number: value => numbers.format(value),
    date: value => dateInWords(value, language),
    moment: value => momentInWords(value, language),
  };
}
