import type { Route } from '@glacis/domain';

/** Which methods an address has, by its path; none when there is nothing at it. */
export function readMethods(
  routes: readonly Pick<Route, 'method' | 'url'>[],
): (path: string) => readonly string[] {
  const patterns = routes.map(({ method, url }) => ({ methods: methodsOf(method), parts: url.split('/') }));
  return path => {
    const parts = path.replace(/\/$/, '').split('/');
    const fitting = patterns.filter(
      pattern =>
        pattern.parts.length === parts.length &&
        pattern.parts.every((part, index) =>
          part.startsWith(':') ? parts[index] !== '' : part === parts[index],
        ),
    );
    // A path that is written out stands before one with a placeholder: `targets/import` is no target.
    const written = Math.max(0, ...fitting.map(writtenParts));
    const best = fitting.filter(pattern => writtenParts(pattern) === written);
    return [...new Set(best.flatMap(pattern => pattern.methods))].sort();
  };
}

function writtenParts({ parts }: { readonly parts: readonly string[] }): number {
  return parts.filter(part => !part.startsWith(':')).length;
}

/** The server answers HEAD wherever it answers GET. */
function methodsOf(method: string): readonly string[] {
  return method === 'GET' ? ['GET', 'HEAD'] : [method];
}
