/**
 * The date and time spellings that turn a string literal into a number of seconds since 1970, as in govaluate.
 * A spelling without an offset is read in the local time zone.
 */
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:([ T])(\d{2})(?::(\d{2})(?::(\d{2})(\.\d+)?)?)?(Z|[-+]\d{2}:?\d{2})?)?$/;
const KITCHEN = /^(\d{1,2}):(\d{2})(AM|PM)$/;
const ANSI_C = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2})(?: ([A-Z]{3,4}))? (\d{4})$/; // prettier-ignore
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function isoSeconds(match: RegExpExecArray): number | undefined {
  const [, year = '', month = '', day = '', separator, hour, minute, second, , zone] = match;
  if (separator === 'T' && (minute === undefined || (second === undefined && zone !== undefined)))
    return undefined;
  if (hour !== undefined && minute === undefined) return undefined;
  const [y, m, d, h, min, s] = [year, month, day, hour ?? '0', minute ?? '0', second ?? '0'].map(Number);
  const local = new Date(y ?? 0, (m ?? 1) - 1, d ?? 1, h ?? 0, min ?? 0, s ?? 0);
  if (local.getMonth() !== (m ?? 1) - 1 || local.getDate() !== d) return undefined;
  if (zone === undefined) return local.getTime() / 1000;
  const spelled = zone === 'Z' ? 'Z' : zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  return (
    Date.parse(`${year}-${month}-${day}T${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}${spelled}`) / 1000
  );
}

/** Seconds since 1970 of a string literal that is spelled like a date or time; undefined for any other string. */
export function unixOfTimeLiteral(text: string): number | undefined {
  if (text.length > 40 || text.length < 6) return undefined;
  const iso = ISO.exec(text);
  if (iso !== null) return isoSeconds(iso);
  const kitchen = KITCHEN.exec(text);
  if (kitchen !== null) {
    const hour = (Number(kitchen[1]) % 12) + (kitchen[3] === 'PM' ? 12 : 0);
    return new Date(0, 0, 1, hour, Number(kitchen[2])).setFullYear(0) / 1000;
  }
  const ansi = ANSI_C.exec(text);
  if (ansi === null) return undefined;
  const [, month = '', day, hour, minute, second, , year] = ansi;
  const date = new Date(
    Number(year),
    MONTHS.indexOf(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return date.getTime() / 1000;
}
