import type { HttpResponse } from '@glacis/engine';
import { parsePage } from './page.ts';
import { comparableBody, headerOf, isHtml, textOf } from './site.ts';

const MAX_FOLDERS = 20;
const PROOF_BYTES = 4096;

/** The beginning of an answer, where the proof stands. */
export function headOf(answer: HttpResponse): string {
  return answer.body.subarray(0, PROOF_BYTES).toString('utf8');
}

/** Folders of the site that its start page names, sorted. */
export function foldersOf(start: HttpResponse, origin: string): string[] {
  const page = isHtml(start) ? parsePage(textOf(start)) : undefined;
  const folders = [...(page?.links ?? []), ...(page?.resources ?? []), ...(page?.scripts ?? [])].flatMap(
    link => {
      const url = URL.canParse(link, start.url) ? new URL(link, start.url) : undefined;
      return url?.origin === origin ? [url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1)] : [];
    },
  );
  return [...new Set(folders)].sort().slice(0, MAX_FOLDERS);
}

/**
 * What of an exposed file goes into the evidence: names of settings without their values, and of other lines only those of a
 * repository that hold no credentials. A report must not carry the secrets it warns of.
 */
export function evidenceOf(text: string): string {
  const lines = text.split('\n').slice(0, 40);
  return lines
    .flatMap(line => {
      const setting = /^\s{0,10}(?:export )?([A-Z][A-Z0-9_]{1,60}) ?=/.exec(line)?.[1];
      if (setting !== undefined) return [`${setting}=…`];
      return /^(?:ref: refs\/[\w./-]{1,200}|[0-9a-f]{40}|\[\w+[^\]@]{0,100}\])\s*$/.test(line)
        ? [line.trim()]
        : [];
    })
    .slice(0, 12)
    .join('\n');
}

/** Whether the answer asks for a password, in a form or by HTTP, and shows the sign of its product. */
export function isPanel(answer: HttpResponse, sign: RegExp | undefined): boolean {
  const challenge = answer.status === 401 ? headerOf(answer, 'www-authenticate') : '';
  const text = textOf(answer);
  const asksForPassword =
    challenge !== '' ||
    (answer.status === 200 && isHtml(answer) && parsePage(text).forms.some(form => form.hasPassword));
  return asksForPassword && (!sign || sign.test(challenge + text));
}

/** Whether two answers are the same page, whatever they echo of their paths. */
export function isSame(answer: HttpResponse, other: HttpResponse): boolean {
  return answer.status === other.status && comparableBody(answer) === comparableBody(other);
}
