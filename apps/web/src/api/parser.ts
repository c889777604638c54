import { config } from 'zod/v4/core';

// zod would otherwise try whether it may compile code, which the Content-Security-Policy forbids and the browser logs.
config({ jitless: true });
