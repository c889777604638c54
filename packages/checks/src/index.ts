export { TemplateError, UnsupportedError } from './errors.ts';
export { bytesOfText, textOfBytes } from './bytes.ts';
export { loadTemplateFile, loadTemplateSource } from './template/load-template.ts';
export type { LoadOptions } from './template/load-template.ts';
export { openTemplates } from './template/template-set.ts';
export type {
  Rejection,
  TemplateEntry,
  TemplateHandle,
  TemplateSet,
  TemplateSetOptions,
} from './template/template-set.ts';
export { handleOfTemplate } from './template/handle.ts';
export { DEFAULT_EXCLUDED_TAGS, exclusionOf, readIgnoreList } from './template/select.ts';
export type { IgnoreList, Selection } from './template/select.ts';
export { SEVERITIES } from './template/model.ts';
export type { Severity, Template, TemplateInfo } from './template/model.ts';
export { updateTemplates } from './template/update.ts';
export type { UpdateOptions, UpdateSummary } from './template/update.ts';
export { planTemplates } from './run/plan.ts';
export type { Plan, PlanGroup } from './run/plan.ts';
export { DEFAULT_SETTINGS, startScan } from './run/scan.ts';
export type { Scan, ScanOptions } from './run/scan.ts';
export type { CheckResult, Interaction } from './run/result.ts';
export type { ScanCounters, ScanSettings } from './run/services.ts';
export { socketTransport } from './http/transport.ts';
export type { ConnectOptions, Transport } from './http/transport.ts';
export { proxyTransport } from './http/proxy.ts';
export { SocketDnsResolver } from './protocols/dns-client.ts';
export type { DnsQuery, DnsResolver } from './protocols/dns-client.ts';
export { registerOast } from './oast/client.ts';
export type { OastOptions } from './oast/client.ts';
export type { OastSession } from './oast/session.ts';
export { startOastServer } from './oast/server.ts';
export type { OastServer, OastServerOptions } from './oast/server.ts';
export { OWN_TEMPLATES } from './own-templates.ts';
