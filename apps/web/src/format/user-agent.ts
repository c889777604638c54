import Bowser from 'bowser';

/** A browser in words, “Firefox 131 · macOS”; what a program calls itself where it is no browser, cut to 80 characters. */
export function formatUserAgent(text: string): string {
  const { browser, os } = Bowser.parse(text || ' ');
  if (!browser.name || !os.name) return text.slice(0, 80);
  const [major = ''] = (browser.version ?? '').split('.');
  return `${browser.name} ${major}`.trim() + ` · ${os.name}`;
}
