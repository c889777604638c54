export * from './capabilities.ts';
export * from './scanner.ts';
