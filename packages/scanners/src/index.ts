export { scanners } from './registry.generated.ts';
