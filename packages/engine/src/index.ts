export * from './capabilities.ts';
export * from './scanner.ts';
export * from './reach/index.ts';
