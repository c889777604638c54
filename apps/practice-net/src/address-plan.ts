/** Where everything of one practice network lives inside 127/8. */
export interface AddressPlan {
  /** Second octet of the granted range; a multiple of 16. */
  readonly block: number;
  /** The granted range, a /12. */
  readonly range: string;
  readonly dns: string;
  readonly ct: string;
  readonly control: string;
  /** Address of the nth fixed host. */
  fixed(index: number): string;
  /** Address of the nth generated host. */
  generated(index: number): string;
  /** Address of the nth bystander outside the granted range. */
  outside(index: number): string;
  /** Address of the nth bystander inside the granted range. */
  inside(index: number): string;
}

/** The block of a practice network that `npm start` runs. */
export const DEFAULT_BLOCK = 80;

/**
 * Blocks whose granted ranges and bystander ranges do not touch each other, so that up to seven networks can run at once.
 * A block `b` grants 127.b.0.0/12 and keeps its bystanders in 127.(b+32).0.0/16 (for 32, 96 and 160 that falls between the
 * ranges of the others).
 */
export const blocks: readonly number[] = [80, 16, 144, 208, 32, 96, 160];

/** Lays the network out in the block; throws RangeError when it is not one of {@link blocks}. */
export function addressPlan(block: number): AddressPlan {
  if (!blocks.includes(block)) {
    throw new RangeError(`There is no address block ${block}: use one of ${blocks.join(', ')}.`);
  }
  const inBlock = (third: number, fourth: number): string => `127.${block}.${third}.${fourth}`;
  return {
    block,
    range: `127.${block}.0.0/12`,
    dns: inBlock(0, 53),
    ct: inBlock(0, 60),
    control: inBlock(0, 1),
    fixed: index => inBlock(1, index),
    generated: index => inBlock(4 + Math.floor(index / 250), 1 + (index % 250)),
    outside: index => `127.${block + 32}.0.${index}`,
    inside: index => inBlock(250, index),
  };
}
