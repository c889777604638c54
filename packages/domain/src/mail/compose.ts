/** What a mail says. Everything is plain text; nothing of it is read as markup or as a header. */
export interface MailContent {
  readonly subject: string;
  readonly paragraphs: readonly string[];
  /** The one thing to do, as a link. */
  readonly action?: { readonly label: string; readonly url: string };
  /** Said after the link, such as how long it works. */
  readonly closing?: string;
}

/** A mail in both forms. */
export interface ComposedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const MAX_SUBJECT_LENGTH = 200;
/** Control characters would end a header line or hide text. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/** Marks that reorder text: a name with one could make a sentence read as another. */
const REORDERING = /[\u{202A}-\u{202E}\u{2066}-\u{2069}]/gu;

/** Writes a mail as text and as simple HTML. */
export function composeMail(content: MailContent): ComposedMail {
  const subject = oneLine(content.subject).slice(0, MAX_SUBJECT_LENGTH);
  const paragraphs = content.paragraphs.map(oneLine);
  const closing = content.closing ? oneLine(content.closing) : undefined;
  const action = content.action && { label: oneLine(content.action.label), url: content.action.url };
  const text = [
    ...paragraphs,
    ...(action ? [`${action.label}:\n${action.url}`] : []),
    ...(closing ? [closing] : []),
  ];
  return {
    subject,
    text: `${text.join('\n\n')}\n\n-- \nGlacis\n`,
    html: page(subject, paragraphs, action, closing),
  };
}

/** One line of text without control characters and marks that reorder it. */
export function oneLine(text: string): string {
  return text.replace(REORDERING, '').replace(CONTROL, ' ').trim();
}

function page(
  title: string,
  paragraphs: readonly string[],
  action: MailContent['action'],
  closing: string | undefined,
): string {
  const body = [
    ...paragraphs.map(text => `<p>${escapeHtml(text)}</p>`),
    ...(action
      ? [
          `<p><a href="${escapeHtml(action.url)}" style="display:inline-block;padding:10px 18px;background:#1c2430;color:#ffffff;text-decoration:none;border-radius:4px">${escapeHtml(action.label)}</a></p>`,
          `<p style="font-size:13px;color:#5b6675">Or copy this address: ${escapeHtml(action.url)}</p>`,
        ]
      : []),
    ...(closing ? [`<p style="font-size:13px;color:#5b6675">${escapeHtml(closing)}</p>`] : []),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>
<body style="margin:0;padding:24px;font-family:sans-serif;font-size:15px;line-height:1.5;color:#1c2430;background:#ffffff">
<div style="max-width:560px">
${body.join('\n')}
<p style="font-size:13px;color:#5b6675">Glacis</p>
</div>
</body></html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character] ?? '');
}
