// Written by `npm run gen`; do not edit.
import type { Scanner } from '@glacis/engine';
import ctSearch from './ct-search.ts';
import dnsAxfr from './dns-axfr.ts';
import dnsBrute from './dns-brute.ts';
import dnsPermute from './dns-permute.ts';
import dnsResolve from './dns-resolve.ts';
import exposedFiles from './exposed-files.ts';
import httpCrawl from './http-crawl.ts';
import httpHeaders from './http-headers.ts';
import httpProbe from './http-probe.ts';
import outdatedProducts from './outdated-products.ts';
import screenshot from './screenshot.ts';
import serviceBanner from './service-banner.ts';
import tcpPorts from './tcp-ports.ts';
import templateChecks from './template-checks.ts';
import tlsInspect from './tls-inspect.ts';

/** Every scanner, by id. Enabling them is the business of a scan’s engine preset. */
export const scanners: readonly Scanner[] = [
  ctSearch as unknown as Scanner,
  dnsAxfr as unknown as Scanner,
  dnsBrute as unknown as Scanner,
  dnsPermute as unknown as Scanner,
  dnsResolve as unknown as Scanner,
  exposedFiles as unknown as Scanner,
  httpCrawl as unknown as Scanner,
  httpHeaders as unknown as Scanner,
  httpProbe as unknown as Scanner,
  outdatedProducts as unknown as Scanner,
  screenshot as unknown as Scanner,
  serviceBanner as unknown as Scanner,
  tcpPorts as unknown as Scanner,
  templateChecks as unknown as Scanner,
  tlsInspect as unknown as Scanner,
];
