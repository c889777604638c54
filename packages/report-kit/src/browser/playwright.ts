import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import type { BrowserProcess } from './process.ts';

/** Options of a browser for screenshots. */
export interface LaunchOptions {
  /** `host:port` of the HTTP proxy that all requests must take, loopback ones included; without it there is no network. */
  readonly proxyServer?: string | undefined;
  readonly extraArguments?: readonly string[];
}

/** A fresh browser; `close` ends all of its processes and removes its profile. */
export interface LaunchedBrowser {
  readonly browser: Browser;
  readonly pid: number;
  close(): Promise<void>;
}

/** Puts Playwright on the browser's pipe. */
export async function openBrowser(process: BrowserProcess, onClose: () => void): Promise<LaunchedBrowser> {
  const transport = process.pipe.transport();
  const browser = await chromium.connectOverCDP(transport);
  return {
    browser,
    pid: process.pid,
    close: async () => {
      onClose();
      await process.close();
    },
  };
}
