import { Parser } from 'htmlparser2';

/** A form of a page: where it sends what. */
export interface Form {
  readonly action: string;
  readonly method: 'GET' | 'POST';
  readonly fields: readonly string[];
  readonly hasPassword: boolean;
}

/** What the scanners read from an HTML page. Every list is bounded, every text too. */
export interface Page {
  readonly title: string;
  /** Targets of a, area, frame and iframe elements, as written. */
  readonly links: readonly string[];
  readonly scripts: readonly string[];
  /** Other resources: pictures, style sheets, media. */
  readonly resources: readonly string[];
  readonly icons: readonly string[];
  /** Content of meta elements by lower-case name. */
  readonly meta: ReadonlyMap<string, string>;
  readonly forms: readonly Form[];
  /** Text of script elements. */
  readonly inlineScript: string;
}

const MAX_ENTRIES = 2000;
const MAX_FORMS = 50;
const MAX_FIELDS = 100;
const MAX_TITLE_LENGTH = 200;
const MAX_SCRIPT_LENGTH = 256 * 1024;

interface OpenForm {
  action: string;
  method: 'GET' | 'POST';
  fields: string[];
  hasPassword: boolean;
}

/** Reads an HTML document, however broken it is. */
export function parsePage(html: string): Page {
  const links: string[] = [];
  const scripts: string[] = [];
  const resources: string[] = [];
  const icons: string[] = [];
  const meta = new Map<string, string>();
  const forms: OpenForm[] = [];
  let form: OpenForm | undefined;
  let title = '';
  let inlineScript = '';
  let inside: 'title' | 'script' | undefined;
  const add = (list: string[], value: string | undefined) => {
    if (value && value.length <= 2048 && list.length < MAX_ENTRIES) list.push(value.trim());
  };

  function openTag(name: string, attributes: Record<string, string>): void {
    if (name === 'a' || name === 'area') add(links, attributes['href']);
    else if (name === 'iframe' || name === 'frame') add(links, attributes['src']);
    else if (name === 'img' || name === 'source' || name === 'video') add(resources, attributes['src']);
    else if (name === 'title' && title === '') inside = 'title';
    else if (name === 'script') {
      add(scripts, attributes['src']);
      inside = 'script';
    } else if (name === 'link') {
      const rel = (attributes['rel'] ?? '').toLowerCase();
      add(rel.includes('icon') ? icons : resources, attributes['href']);
    } else if (name === 'meta' && attributes['name'] && meta.size < MAX_FORMS) {
      meta.set(attributes['name'].toLowerCase().slice(0, 100), (attributes['content'] ?? '').slice(0, 500));
    } else if (name === 'form' && forms.length < MAX_FORMS) {
      const method = attributes['method']?.toUpperCase() === 'POST' ? 'POST' : 'GET';
      form = { action: (attributes['action'] ?? '').slice(0, 2048), method, fields: [], hasPassword: false };
      forms.push(form);
    } else if (name === 'input' || name === 'select' || name === 'textarea') {
      const field = attributes['name'];
      if (form && field && form.fields.length < MAX_FIELDS) form.fields.push(field.slice(0, 100));
      if (form && attributes['type']?.toLowerCase() === 'password') form.hasPassword = true;
    }
  }

  const parser = new Parser(
    {
      onopentag: openTag,
      ontext(text) {
        if (inside === 'title' && title.length < MAX_TITLE_LENGTH) title += text;
        if (inside === 'script' && inlineScript.length < MAX_SCRIPT_LENGTH) inlineScript += `${text}\n`;
      },
      onclosetag(name) {
        if (name === inside) inside = undefined;
        if (name === 'form') form = undefined;
      },
    },
    { decodeEntities: true },
  );
  parser.end(html);
  return {
    title: title.replace(/\s+/g, ' ').trim().slice(0, MAX_TITLE_LENGTH),
    links,
    scripts,
    resources,
    icons,
    meta,
    forms,
    inlineScript,
  };
}
