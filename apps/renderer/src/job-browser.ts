import type { JobBrowser } from '@glacis/engine';
import {
  createGuardedProxy,
  EgressError,
  messageOf,
  type Egress,
  type GuardedProxy,
} from '@glacis/foundation';
import type { LaunchedBrowser, Renderer } from '@glacis/report-kit';

/** Largest screenshot, bytes. */
const MAX_BYTES = 8 * 1024 * 1024;
/** What a page may still do after it has loaded, ms, so that scripts can draw. */
const SETTLE_MS = 150;
/** How long a page may take to load its parts, ms. */
const LOAD_MS = 4_000;

/**
 * A browser for the screenshots of one job: fresh, and its only way out is a proxy behind the job's egress guard, loopback
 * included. It starts with the first picture.
 */
export function createJobBrowser(renderer: Renderer, egress: Egress): JobBrowser {
  let started: Promise<{ proxy: GuardedProxy; launched: LaunchedBrowser }> | undefined;
  const start = async () => {
    const proxy = await createGuardedProxy(egress);
    const launched = await renderer.launchBrowser({ proxyServer: new URL(proxy.url).host });
    return { proxy, launched };
  };
  return {
    capability: {
      screenshot: async (url, { width, height, timeoutMs }) => {
        started ??= start();
        const { launched } = await started;
        const context = await launched.browser.newContext({
          viewport: { width, height },
          ignoreHTTPSErrors: true,
          serviceWorkers: 'block',
          acceptDownloads: false,
        });
        const abort = (): void => void context.close().catch(() => {});
        egress.signal.addEventListener('abort', abort, { once: true });
        try {
          const page = await context.newPage();
          page.on('dialog', dialog => void dialog.dismiss().catch(() => {}));
          const response = await page.goto(url, { timeout: timeoutMs, waitUntil: 'commit' });
          // A page that goes on loading for ever is pictured as far as it has come.
          await page.waitForLoadState('load', { timeout: LOAD_MS }).catch(async () => {
            await (await context.newCDPSession(page)).send('Page.stopLoading');
          });
          await page.waitForTimeout(SETTLE_MS);
          const bytes = await page.screenshot({ type: 'png', timeout: timeoutMs, animations: 'disabled' });
          if (bytes.byteLength > MAX_BYTES) throw new EgressError('limit', 'The screenshot is too large.');
          return { bytes, title: (await page.title()).slice(0, 500), status: response?.status() ?? 0 };
        } catch (cause) {
          if (cause instanceof EgressError) throw cause;
          throw new EgressError(
            egress.signal.aborted ? 'cancelled' : 'protocol',
            messageOf(cause).split('\n')[0] ?? '',
            { cause },
          );
        } finally {
          egress.signal.removeEventListener('abort', abort);
          await context.close().catch(() => {});
        }
      },
    },
    close: async () => {
      const running = await started?.catch(() => undefined);
      await running?.launched.close();
      await running?.proxy.close();
    },
  };
}
