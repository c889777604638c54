const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'narrow' });
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** How long ago (or ahead) a point in time is, in the largest unit that fits; the date beyond 30 days. */
export function formatAgo(instant: string, nowMs: number): string {
  const atMs = Date.parse(instant);
  if (Number.isNaN(atMs)) return instant;
  const deltaMs = atMs - nowMs;
  const sizeMs = Math.abs(deltaMs);
  if (sizeMs < 10 * SECOND_MS) return relative.format(0, 'second');
  if (sizeMs < MINUTE_MS) return relative.format(Math.trunc(deltaMs / SECOND_MS), 'second');
  if (sizeMs < HOUR_MS) return relative.format(Math.trunc(deltaMs / MINUTE_MS), 'minute');
  if (sizeMs < DAY_MS) return relative.format(Math.trunc(deltaMs / HOUR_MS), 'hour');
  if (sizeMs < 30 * DAY_MS) return relative.format(Math.trunc(deltaMs / DAY_MS), 'day');
  return day.format(atMs);
}

/** A point in time in the person's own time zone, to the second. */
export function formatInstant(instant: string): string {
  const atMs = Date.parse(instant);
  return Number.isNaN(atMs) ? instant : full.format(atMs);
}

/** The day of a point in time. */
export function formatDay(instant: string): string {
  const atMs = Date.parse(instant);
  return Number.isNaN(atMs) ? instant : day.format(atMs);
}

/** A duration as a clock shows it: 0:07, 12:41, 1:02:03. */
export function formatClock(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / SECOND_MS));
  const two = (value: number) => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Whole days from now until a point in time; negative when it is past. */
export function daysUntil(instant: string, nowMs: number): number {
  return Math.floor((Date.parse(instant) - nowMs) / DAY_MS);
}
