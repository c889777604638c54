/** The package.json files of the workspaces. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Manifest } from '../layers.ts';
import { allPaths, root } from './files.ts';

const names = z.record(z.string(), z.string()).default({});
const schema = z.object({
  name: z.string(),
  exports: z.record(z.string(), z.unknown()).default({}),
  bin: names,
  dependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
  devDependencies: names,
});

/** Reads every manifest below packages/ and apps/. */
export function readManifests(): Manifest[] {
  return allPaths()
    .filter(path => /^(packages|apps)\/[^/]+\/package\.json$/.test(path))
    .map(path => {
      const parsed = schema.parse(JSON.parse(readFileSync(join(root, path), 'utf8')));
      return {
        room: path.slice(0, -'/package.json'.length),
        name: parsed.name,
        exports: Object.keys(parsed.exports),
        dependencies: [parsed.dependencies, parsed.optionalDependencies, parsed.peerDependencies].flatMap(
          Object.keys,
        ),
        devDependencies: Object.keys(parsed.devDependencies),
      };
    });
}
