import type { Attack, Payloads } from '../template/model.ts';
import type { TextTemplate } from '../dsl/compile.ts';

/** One value for each payload name. */
export type PayloadSet = ReadonlyMap<string, TextTemplate>;

/** How many sets the payloads give. */
export function countPayloadSets(payloads: Payloads, attack: Attack): number {
  const sizes = payloads.lists.map(list => list.values.length);
  if (attack === 'clusterbomb') return sizes.reduce((product, size) => product * size, 1);
  return attack === 'pitchfork' ? Math.min(...sizes) : (sizes[0] ?? 0);
}

/** The sets in order, made one at a time: millions of combinations take no memory. */
export function* payloadSets(payloads: Payloads, attack: Attack): Generator<PayloadSet> {
  const count = countPayloadSets(payloads, attack);
  for (let index = 0; index < count; index += 1) {
    const set = new Map<string, TextTemplate>();
    let rest = index;
    for (const list of payloads.lists) {
      const at = attack === 'clusterbomb' ? rest % list.values.length : index;
      rest = Math.floor(rest / list.values.length);
      const value = list.values[at];
      if (value !== undefined) set.set(list.name, value);
    }
    yield set;
  }
}
