import { DslError, Suspension } from '../values.ts';
import type { DslScope, DslValue } from '../values.ts';
import { define, numberAt, textAt } from './signature.ts';

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']; // prettier-ignore
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MAX_WAIT_SECONDS = 60;
const CODES: Readonly<Record<string, string>> = {
  Y: '2006', y: '06', M: '01', D: '02', H: '15', m: '04', S: '05', B: 'January', b: 'Jan', A: 'Monday', a: 'Mon', p: 'PM', I: '03',
}; // prettier-ignore

const two = (value: number): string => String(value).padStart(2, '0');

function offset(date: Date, colon: string): string {
  const minutes = -date.getTimezoneOffset();
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}${colon}${two(Math.abs(minutes) % 60)}`;
}

/** The pieces of Go's reference time, longest first where one begins like another. */
const PIECES: readonly (readonly [string, (date: Date) => string])[] = [
  ['January', date => MONTHS[date.getMonth()] ?? ''],
  ['Monday', date => DAYS[date.getDay()] ?? ''],
  ['2006', date => String(date.getFullYear())],
  ['-07:00', date => offset(date, ':')],
  ['Z07:00', date => (date.getTimezoneOffset() === 0 ? 'Z' : offset(date, ':'))],
  ['-0700', date => offset(date, '')],
  ['Jan', date => (MONTHS[date.getMonth()] ?? '').slice(0, 3)],
  ['Mon', date => (DAYS[date.getDay()] ?? '').slice(0, 3)],
  ['MST', date => (date.getTimezoneOffset() === 0 ? 'UTC' : offset(date, ''))],
  ['01', date => two(date.getMonth() + 1)],
  ['02', date => two(date.getDate())],
  ['03', date => two(date.getHours() % 12 || 12)],
  ['04', date => two(date.getMinutes())],
  ['05', date => two(date.getSeconds())],
  ['06', date => two(date.getFullYear() % 100)],
  ['15', date => two(date.getHours())],
  ['PM', date => (date.getHours() < 12 ? 'AM' : 'PM')],
  ['pm', date => (date.getHours() < 12 ? 'am' : 'pm')],
];

/** Formats a time after a Go layout such as `2006-01-02 15:04:05`. */
export function formatGoLayout(layout: string, date: Date): string {
  let text = '';
  for (let index = 0; index < layout.length;) {
    const piece = PIECES.find(([spelling]) => layout.startsWith(spelling, index));
    text += piece === undefined ? (layout[index] ?? '') : piece[1](date);
    index += piece === undefined ? 1 : piece[0].length;
  }
  return text;
}

function dateTime(args: readonly DslValue[]): string {
  const format = textAt(args, 0);
  const date = args[1] === undefined ? new Date() : new Date(numberAt(args, 1) * 1000);
  if (Number.isNaN(date.getTime())) throw new DslError('the time is out of range');
  if (!format.includes('%')) return formatGoLayout(format, date);
  return format.replace(/%([A-Za-z])/g, (whole, code: string) =>
    CODES[code] === undefined ? whole : formatGoLayout(CODES[code], date),
  );
}

function toUnixTime(args: readonly DslValue[]): number {
  const text = textAt(args, 0);
  if (/^\d+$/.test(text)) return Number(text);
  const time = Date.parse(
    /^\d{4}-\d{2}-\d{2}$/.test(text)
      ? `${text}T00:00:00Z`
      : text.replace(/^(\S+) (\d\d:\d\d:\d\d)$/, '$1T$2Z'),
  );
  if (Number.isNaN(time)) throw new DslError('to_unix_time cannot read the time');
  return Math.floor(time / 1000);
}

/** Sleeps `seconds` (at most 60), once per evaluation, and is true. */
function waitFor(args: readonly DslValue[], scope: DslScope): boolean {
  const seconds = Math.min(Math.max(numberAt(args, 0), 0), MAX_WAIT_SECONDS);
  const key = `wait_for ${seconds}`;
  if (scope.effects?.has(key) === true) return true;
  throw new Suspension(
    key,
    'wait_for',
    args,
    ({ signal }) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => resolve(true), seconds * 1000);
        signal?.addEventListener(
          'abort',
          () => {
            clearTimeout(timer);
            reject(new DslError('stopped while waiting'));
          },
          { once: true },
        );
      }),
  );
}

/** Dates and times. */
export const TIME_FUNCTIONS = [
  define('date_time', 1, 2, dateTime),
  define('unix_time', 0, 1, args => Math.floor(Date.now() / 1000) + Math.trunc(numberAt(args, 0, 0))),
  define('to_unix_time', 1, 2, toUnixTime),
  define('wait_for', 1, 1, waitFor),
];
