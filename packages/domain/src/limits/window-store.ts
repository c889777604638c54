import { sql, type Database } from '@glacis/db';

/** An amount to add to the count of a subject in a window. */
export interface WindowEntry {
  readonly subject: string;
  /** Start of the window, seconds since 1970. */
  readonly start: number;
  readonly seconds: number;
  readonly amount: number;
}

/** Counts that all server processes share. */
export interface WindowStore {
  /** Adds to counts and gives each one's value afterwards, in the order of the entries. */
  add(entries: readonly WindowEntry[]): Promise<readonly number[]>;
  /** Forgets windows that ended before a time, seconds since 1970. */
  forget(before: number): Promise<void>;
  close(): Promise<void>;
}

/** Counts in PostgreSQL, in an unlogged table: one statement for all entries. */
export function postgresWindows(database: Database): WindowStore {
  return {
    add: async entries => {
      // In the order of their keys, so that two processes never wait for each other in a circle.
      const sorted = entries.toSorted((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0));
      const { rows } = await sql<{ subject: string; used: number }>`
        insert into control.rate_window as w (subject, window_start, used)
        select * from unnest(${sorted.map(entry => entry.subject)}::text[], ${sorted.map(entry => entry.start)}::bigint[],
          ${sorted.map(entry => entry.amount)}::int[])
        on conflict (subject, window_start) do update set used = w.used + excluded.used
        returning subject, used`.execute(database.control);
      const used = new Map(rows.map(row => [row.subject, row.used]));
      return entries.map(entry => used.get(entry.subject) ?? entry.amount);
    },
    forget: async before => {
      await sql`delete from control.rate_window where window_start < ${before}`.execute(database.control);
    },
    close: async () => {},
  };
}
