export * from './consumer.ts';
export { releaseDeadWorkers } from './dead-workers.ts';
export * from './queue.ts';
