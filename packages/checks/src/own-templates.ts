import { fileURLToPath } from 'node:url';

/** The folder of the templates that come with the package. */
export const OWN_TEMPLATES = fileURLToPath(new URL('../templates/', import.meta.url));
