/** Record types that zones hold. */
export type ZoneRecordType = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'TXT' | 'CAA' | 'SOA';

/** A record of a zone; names are lower case and have no trailing dot. */
export type ZoneRecord = { readonly name: string; readonly ttl: number } & (
  | { readonly type: 'A' | 'AAAA' | 'CNAME' | 'NS'; readonly data: string }
  | { readonly type: 'MX'; readonly data: { readonly preference: number; readonly exchange: string } }
  | { readonly type: 'TXT'; readonly data: string | readonly string[] }
  | {
      readonly type: 'CAA';
      readonly data: {
        readonly flags: number;
        readonly tag: 'issue' | 'issuewild' | 'iodef';
        readonly value: string;
      };
    }
  | {
      readonly type: 'SOA';
      readonly data: {
        readonly mname: string;
        readonly rname: string;
        readonly serial: number;
        readonly refresh: number;
        readonly retry: number;
        readonly expire: number;
        readonly minimum: number;
      };
    }
);

/** A zone: its records by name, with the names that exist only because something is below them. */
export interface Zone {
  readonly origin: string;
  readonly soa: ZoneRecord;
  readonly records: Map<string, ZoneRecord[]>;
  /** Names without records that have names below them: they answer NODATA, not NXDOMAIN. */
  readonly emptyNames: Set<string>;
}

/** What a zone says about one name and type. `referral` lists the NS records of a zone cut. */
export type ZoneAnswer =
  | { readonly kind: 'records'; readonly records: readonly ZoneRecord[] }
  | { readonly kind: 'alias'; readonly record: ZoneRecord; readonly target: string }
  | { readonly kind: 'nodata' }
  | { readonly kind: 'nxdomain' };

/** Makes an empty zone that has its SOA record. */
export function createZone(origin: string, primary: string, contact: string): Zone {
  const soa: ZoneRecord = {
    name: origin,
    type: 'SOA',
    ttl: 300,
    data: {
      mname: primary,
      rname: contact,
      serial: 2026110101,
      refresh: 7200,
      retry: 900,
      expire: 1_209_600,
      minimum: 60,
    },
  };
  return { origin, soa, records: new Map([[origin, [soa]]]), emptyNames: new Set() };
}

/** Adds a record; the name must be in the zone. */
export function addRecord(zone: Zone, record: ZoneRecord): void {
  const existing = zone.records.get(record.name);
  if (existing !== undefined) existing.push(record);
  else zone.records.set(record.name, [record]);
  let parent = parentOf(record.name);
  while (parent.length > zone.origin.length) {
    zone.emptyNames.add(parent);
    parent = parentOf(parent);
  }
}

/** Replaces all records of one name and type. */
export function setRecords(
  zone: Zone,
  name: string,
  type: ZoneRecordType,
  records: readonly ZoneRecord[],
): void {
  const others = (zone.records.get(name) ?? []).filter(record => record.type !== type);
  zone.records.set(name, others);
  for (const record of records) addRecord(zone, record);
  if ((zone.records.get(name) ?? []).length === 0) zone.records.delete(name);
}

function parentOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}

/** Answers for a name inside the zone, with wildcards as in RFC 4592. */
export function lookUp(zone: Zone, name: string, type: ZoneRecordType | 'ANY' | 'OTHER'): ZoneAnswer {
  const own = zone.records.get(name);
  if (own !== undefined) return select(own, name, type);
  if (zone.emptyNames.has(name)) return { kind: 'nodata' };
  let encloser = parentOf(name);
  while (
    encloser.length > zone.origin.length &&
    !zone.records.has(encloser) &&
    !zone.emptyNames.has(encloser)
  ) {
    encloser = parentOf(encloser);
  }
  const wild = zone.records.get(`*.${encloser}`);
  return wild === undefined ? { kind: 'nxdomain' } : select(wild, name, type);
}

function select(
  records: readonly ZoneRecord[],
  name: string,
  type: ZoneRecordType | 'ANY' | 'OTHER',
): ZoneAnswer {
  const alias = records.find(record => record.type === 'CNAME');
  if (alias?.type === 'CNAME' && type !== 'CNAME' && type !== 'ANY') {
    return { kind: 'alias', record: { ...alias, name }, target: alias.data };
  }
  const wanted = type === 'ANY' ? records : records.filter(record => record.type === type);
  if (wanted.length === 0) return { kind: 'nodata' };
  return { kind: 'records', records: wanted.map(record => ({ ...record, name })) };
}

/** Every record of the zone in transfer order: SOA, all others, SOA (RFC 5936). */
export function transferOrder(zone: Zone): readonly ZoneRecord[] {
  const others = [...zone.records.values()].flat().filter(record => record !== zone.soa);
  return [zone.soa, ...others, zone.soa];
}
