import type { Route } from '@glacis/domain';
import { z } from 'zod';

/** A page that lists every route with its permission and schemas; no script, no other origin. */
export function docsPage(routes: readonly Route[]): string {
  const groups = Map.groupBy(routes, route => /tenants\/:tenant\/(\w+)/.exec(route.url)?.[1] ?? 'session');
  const sections = [...groups].map(
    ([name, members]) => `<h2 id="${name}">${escape(name)}</h2>${members.map(entry).join('')}`,
  );
  const index = [...groups.keys()].map(name => `<a href="#${name}">${escape(name)}</a>`).join(' ');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Glacis API</title><style>${STYLE}</style><main><h1>Glacis API</h1>
<p>Everything the web app does goes through this API. Machine-readable: <a href="/api/openapi.json">openapi.json</a> (OpenAPI 3.1).
Sign in with POST /api/session; the session is a cookie. Errors are JSON with a stable code, a sentence and a request id.</p>
<nav>${index}</nav>${sections.join('')}</main></html>`;
}

function entry(route: Route): string {
  const parts: [string, z.ZodType | undefined][] = [
    ['Query', route.query],
    ['Body', route.body],
    ['Answer', typeof route.answer === 'string' ? undefined : route.answer],
  ];
  const schemas = parts
    .filter((part): part is [string, z.ZodType] => part[1] !== undefined)
    .map(([title, schema]) => {
      const json = z.toJSONSchema(schema, {
        io: title === 'Answer' ? 'output' : 'input',
        unrepresentable: 'any',
      });
      delete json.$schema;
      return `<h4>${title}</h4><pre>${escape(JSON.stringify(json, null, 2))}</pre>`;
    });
  return `<details><summary><b class="${route.method}">${route.method}</b> <code>${escape(route.url)}</code> <span>${escape(route.summary)}</span></summary>
<p>Permission: <code>${escape(route.access)}</code></p>${schemas.join('')}</details>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`);
}

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}main{max-width:60rem;margin:2rem auto;padding:0 1rem}
nav a{margin-right:1rem}summary{cursor:pointer;padding:.4rem 0}summary span{opacity:.7}details{border-bottom:1px solid #8884}
pre{overflow:auto;padding:.75rem;background:#8881;border-radius:.4rem;font-size:.85rem}b{display:inline-block;width:4rem}
.GET{color:#0a7}.POST{color:#27c}.PATCH,.PUT{color:#b70}.DELETE{color:#c33}`;
