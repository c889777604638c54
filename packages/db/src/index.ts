export * from './database.ts';
export * from './embedded.ts';
export * from './migrate.ts';
export * from './service-user.ts';
export type * from './tables.ts';
export { sql, type Kysely } from 'kysely';
