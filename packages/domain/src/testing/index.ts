export * from './mail-server.ts';
export * from './stripe-service.ts';
