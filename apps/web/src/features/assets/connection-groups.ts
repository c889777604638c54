import type { AssetDetail } from '@glacis/contract';

type Edge = AssetDetail['edges'][number];

/** Connections of one relation in one direction. */
export interface ConnectionGroup {
  readonly id: string;
  readonly direction: Edge['direction'];
  readonly relation: Edge['relation'];
  readonly assets: Edge['asset'][];
}

/** Groups connections by direction and relation, in the order in which they first occur. */
export function groupConnections(edges: readonly Edge[]): ConnectionGroup[] {
  const groups = new Map<string, ConnectionGroup>();
  for (const { direction, relation, asset } of edges) {
    const id = `${direction}:${relation}`;
    const group = groups.get(id) ?? { id, direction, relation, assets: [] };
    group.assets.push(asset);
    groups.set(id, group);
  }
  return [...groups.values()];
}
