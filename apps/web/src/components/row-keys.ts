/** The row that a key leads to from the row at `index`, of `count` rows; undefined when the key is not for moving. */
export function neighbourRow(key: string, index: number, count: number): number | undefined {
  if (count === 0 || index < 0) return undefined;
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return Math.min(count - 1, index + 1);
    case 'ArrowUp':
    case 'k':
      return Math.max(0, index - 1);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
