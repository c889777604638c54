export * from './egress/guard.ts';
export * from './crypto.ts';
export * from './errors.ts';
export * from './ids.ts';
export * from './log.ts';
export * from './network-profile.ts';
export * from './tenant-id.ts';
