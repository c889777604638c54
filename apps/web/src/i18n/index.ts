import { createI18n } from 'vue-i18n';
import { en } from './en.ts';

/** The texts of the app. English is the only language so far; every text has a key. */
export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en },
  missingWarn: false,
  fallbackWarn: false,
});

/** A text outside of components. */
export function translate(key: string, values: Readonly<Record<string, string | number>> = {}): string {
  return i18n.global.t(key, values);
}

/** Adds the texts that come with a page of its own. */
export function addTexts(texts: Readonly<Record<string, object>>): void {
  i18n.global.mergeLocaleMessage('en', texts);
}
