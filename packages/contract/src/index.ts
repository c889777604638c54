export * from './asset.ts';
export * from './rules.ts';
export * from './severity.ts';
