export type { CapabilityOptions, Reach } from './create-capabilities.ts';
export { createCapabilities, DEFAULT_USER_AGENT } from './create-capabilities.ts';
