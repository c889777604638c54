export * from './config.ts';
export * from './egress/index.ts';
export * from './crypto.ts';
export * from './errors.ts';
export * from './ids.ts';
export * from './log.ts';
export * from './network-profile.ts';
export * from './tenant-id.ts';
