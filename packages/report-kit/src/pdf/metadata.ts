import type { PdfUpdate } from './update.ts';

/** What a PDF says of itself; empty texts are left out. */
export interface DocumentMetadata {
  readonly title?: string | undefined;
  readonly author?: string | undefined;
  readonly subject?: string | undefined;
  readonly keywords?: readonly string[] | undefined;
}

/** A PDF text string in UTF-16BE with its byte-order mark, as hexadecimal. */
export function pdfText(text: string): string {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
  return `<${bytes.toString('hex').toUpperCase()}>`;
}

const escapeXml = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');

/** What a document is, beside what its author says of it. */
export interface DocumentFacts {
  /** BCP 47. */
  readonly language: string;
  /** Whether the file says that it is PDF/UA-1. */
  readonly isClaimed: boolean;
  readonly now: Date;
}

function packet(metadata: DocumentMetadata, { language, isClaimed, now }: DocumentFacts): string {
  const keywords = metadata.keywords ?? [];
  const parts = [
    `<dc:format>application/pdf</dc:format>`,
    `<dc:language><rdf:Bag><rdf:li>${escapeXml(language)}</rdf:li></rdf:Bag></dc:language>`,
    metadata.title
      ? `<dc:title><rdf:Alt><rdf:li xml:lang="x-default">${escapeXml(metadata.title)}</rdf:li></rdf:Alt></dc:title>`
      : '',
    metadata.author
      ? `<dc:creator><rdf:Seq><rdf:li>${escapeXml(metadata.author)}</rdf:li></rdf:Seq></dc:creator>`
      : '',
    metadata.subject
      ? `<dc:description><rdf:Alt><rdf:li xml:lang="x-default">${escapeXml(metadata.subject)}</rdf:li></rdf:Alt></dc:description>`
      : '',
    keywords.length > 0 ? `<pdf:Keywords>${escapeXml(keywords.join(', '))}</pdf:Keywords>` : '',
    `<xmp:CreateDate>${now.toISOString()}</xmp:CreateDate>`,
    `<xmp:CreatorTool>report-kit</xmp:CreatorTool>`,
    isClaimed ? `<pdfuaid:part>1</pdfuaid:part>` : '',
  ].filter(part => part !== '');
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
${parts.join('\n')}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`;
}

const pdfDate = (now: Date): string => `(D:${now.toISOString().replaceAll(/[-T:]/g, '').slice(0, 14)}Z)`;

/** Replaces Chromium's own document information and adds the XMP packet; returns the catalog entry to add. */
export function writeMetadata(update: PdfUpdate, metadata: DocumentMetadata, facts: DocumentFacts): string {
  const { now } = facts;
  const entries = [
    metadata.title ? `/Title ${pdfText(metadata.title)}` : '',
    metadata.author ? `/Author ${pdfText(metadata.author)}` : '',
    metadata.subject ? `/Subject ${pdfText(metadata.subject)}` : '',
    metadata.keywords?.length ? `/Keywords ${pdfText(metadata.keywords.join(', '))}` : '',
    '/Creator (report-kit)',
    '/Producer (report-kit)',
    `/CreationDate ${pdfDate(now)}`,
    `/ModDate ${pdfDate(now)}`,
  ].filter(entry => entry !== '');
  const info = `<<${entries.join('\n')}>>`;
  if (update.source.info === undefined) update.setInfo(update.add(info));
  else update.set(update.source.info, info);
  const xmp = Buffer.from(packet(metadata, facts), 'utf8');
  const number = update.add(`<</Type /Metadata\n/Subtype /XML\n/Length ${xmp.length}>>`, xmp);
  return `/Metadata ${number} 0 R`;
}
