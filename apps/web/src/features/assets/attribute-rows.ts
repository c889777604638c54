import type { AssetKind } from '@glacis/contract';

/** How the value of an attribute is shown. */
export type AttributeForm = 'text' | 'key' | 'flag' | 'instant';

/** One attribute, ready to be shown. */
export interface AttributeRow {
  readonly name: string;
  readonly form: AttributeForm;
  readonly values: readonly string[];
}

/** What comes first for each kind; the rest follows by name. */
const firstOf: Readonly<Record<AssetKind, readonly string[]>> = {
  domain: ['ns', 'mx', 'soa', 'txt', 'caa'],
  hostname: ['status', 'addresses', 'cname', 'wildcard'],
  ip: [],
  service: ['address', 'port', 'protocol', 'product', 'version', 'tls', 'banner'],
  endpoint: ['host', 'port', 'protocol', 'tls', 'tlsVersion', 'cipher'],
  certificate: ['subject', 'issuer', 'notBefore', 'notAfter', 'names', 'serialNumber', 'keyType', 'sha256'],
  website: ['status', 'title', 'location', 'server', 'contentType', 'technologies', 'faviconHash'],
  url: ['status', 'title', 'contentType'],
  technology: ['product', 'version'],
  email: [],
};

const MAX_VALUES = 200;
const keyLike =
  /^(addresses|address|cname|ns|mx|soa|txt|caa|names|banner|sha256|fingerprint|faviconHash|serialNumber|location|host|cipher|server)$/;
const instantLike = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/;

/** The attributes of an asset in reading order, without empty ones. Values are text from outside and stay text. */
export function attributeRows(
  kind: AssetKind,
  attributes: Readonly<Record<string, unknown>>,
): AttributeRow[] {
  const first = firstOf[kind];
  const names = Object.keys(attributes).sort((a, b) => rank(first, a) - rank(first, b) || a.localeCompare(b));
  return names.map(name => rowOf(name, attributes[name])).filter(row => row.values.length > 0);
}

function rank(first: readonly string[], name: string): number {
  const index = first.indexOf(name);
  return index < 0 ? first.length : index;
}

function rowOf(name: string, value: unknown): AttributeRow {
  if (typeof value === 'boolean') return { name, form: 'flag', values: [String(value)] };
  const values = (Array.isArray(value) ? value : [value])
    .slice(0, MAX_VALUES)
    .map(textOf)
    .filter(text => text !== '');
  const [only = ''] = values;
  if (values.length === 1 && instantLike.test(only)) return { name, form: 'instant', values };
  return { name, form: keyLike.test(name) ? 'key' : 'text', values };
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A readable form of a name that has no text of its own: `tlsVersion` becomes "Tls version". */
export function humanised(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
