/** A small generator of random numbers that a seed repeats (mulberry32). */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}

const INTERESTING = [0, 9, 10, 13, 32, 127, 128, 255];
const MAX_SIZE = 4096;
const MAX_STEPS = 6;

/** Changes an input in a few places: bytes, doubled and dropped pieces, words of the language, pieces of other inputs. */
export function mutate(
  input: Buffer,
  of: { random: (below: number) => number; words: readonly string[]; others: readonly Buffer[] },
): Buffer {
  const { random, words, others } = of;
  let bytes = input;
  for (let step = 1 + random(MAX_STEPS); step > 0; step -= 1) {
    const at = random(bytes.length + 1);
    const length = Math.min(1 + random(1 << random(8)), bytes.length - at);
    const before = bytes.subarray(0, at);
    const piece = bytes.subarray(at, at + length);
    const behind = bytes.subarray(at + length);
    const kind = random(7);
    if (kind === 0) bytes = Buffer.concat([before, behind]);
    else if (kind === 1) bytes = Buffer.concat([before, piece, piece, behind]);
    else if (kind === 2) bytes = Buffer.concat([before, Buffer.from([random(256)]), behind]);
    else if (kind === 3)
      bytes = Buffer.concat([
        before,
        Buffer.from([INTERESTING[random(INTERESTING.length)] ?? 0]),
        piece,
        behind,
      ]);
    else if (kind === 4)
      bytes = Buffer.concat([
        before,
        Buffer.from(words[random(words.length)] ?? '', 'latin1'),
        piece,
        behind,
      ]);
    else if (kind === 5) {
      const other = others[random(others.length)] ?? input;
      const from = random(other.length + 1);
      bytes = Buffer.concat([before, other.subarray(from, from + 1 + random(64)), behind]);
    } else {
      bytes = Buffer.from(bytes);
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    }
    if (bytes.length > MAX_SIZE) bytes = bytes.subarray(0, MAX_SIZE);
  }
  return bytes;
}
