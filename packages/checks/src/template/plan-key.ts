import { createHash } from 'node:crypto';
import type { HttpBlock, Template } from './model.ts';

function firstRequest(block: HttpBlock): unknown {
  const [path] = block.paths;
  const headers = block.headers.map(({ name, value }) => [name, value.source]);
  const policy = [block.redirects, block.maxRedirects, block.maxSize ?? -1];
  if (path !== undefined)
    return [block.method, path.text.source, path.port ?? 0, headers, block.body?.source ?? '', policy];
  return [block.raws[0]?.text.source ?? '', block.isUnsafe, policy];
}

/**
 * A key that is equal for templates whose first request is the same, so that they run together and share its answer.
 * Unlike the common rule it holds the redirect policy and the body limit: no template decides for another.
 */
export function planKeyOf(template: Template): string {
  const [block] = template.blocks;
  const subject = block?.protocol === 'http' ? ['http', firstRequest(block)] : [template.path, template.id];
  return createHash('sha256').update(JSON.stringify(subject)).digest('base64').slice(0, 16);
}
