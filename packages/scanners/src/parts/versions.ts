/**
 * Compares dotted versions by their numbers: negative when `left` is older. A version given less exactly counts as equal
 * where it says nothing (`2.4` is not older than `2.4.60`), so that vagueness is never reported.
 */
export function compareVersions(left: string, right: string): number {
  const a = numbersOf(left);
  const b = numbersOf(right);
  for (const [index, number] of a.entries()) {
    const difference = number - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] {
  return version
    .slice(0, 50)
    .split('.')
    .map(part => Number.parseInt(part, 10))
    .filter(number => !Number.isNaN(number));
}
