import { DslError, toText } from '../values.ts';
import { ANY_COUNT, define, textAt } from './signature.ts';

/** A version as hashicorp/go-version reads it. */
interface Version {
  readonly segments: readonly number[];
  /** How many segments were written. */
  readonly written: number;
  readonly prerelease: string;
}

const VERSION = /^v?([0-9]+(?:\.[0-9]+)*?)(?:-([0-9]+[0-9A-Za-z\-~]*(?:\.[0-9A-Za-z\-~]+)*)|-?([A-Za-z\-~]+[0-9A-Za-z\-~]*(?:\.[0-9A-Za-z\-~]+)*))?(?:\+[0-9A-Za-z\-~.]+)?\??$/; // prettier-ignore
const CONSTRAINT = /^\s*(>=|<=|!=|~>|=|>|<)?\s*(\S+)\s*$/;
const MAX_VERSION_LENGTH = 200;

function parseVersion(text: string): Version | undefined {
  if (text.length > MAX_VERSION_LENGTH) return undefined;
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  const segments = (match[1] ?? '').split('.').map(Number);
  const written = segments.length;
  while (segments.length < 3) segments.push(0);
  return { segments, written, prerelease: match[2] ?? match[3] ?? '' };
}

function comparePart(left: string, right: string): number {
  if (left === right) return 0;
  const [isLeftNumber, isRightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (left === '') return isRightNumber ? -1 : 1;
  if (right === '') return isLeftNumber ? 1 : -1;
  if (isLeftNumber !== isRightNumber) return isLeftNumber ? -1 : 1;
  if (isLeftNumber) return Math.sign(Number(left) - Number(right));
  return left > right ? 1 : -1;
}

function comparePrerelease(left: string, right: string): number {
  if (left === right) return 0;
  if (left === '') return 1;
  if (right === '') return -1;
  const [a, b] = [left.split('.'), right.split('.')];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const order = comparePart(a[index] ?? '', b[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

function compareVersions(left: Version, right: Version): number {
  const length = Math.max(left.segments.length, right.segments.length);
  for (let index = 0; index < length; index += 1) {
    const order = (left.segments[index] ?? 0) - (right.segments[index] ?? 0);
    if (order !== 0) return Math.sign(order);
  }
  return comparePrerelease(left.prerelease, right.prerelease);
}

/** A pre-release only meets an ordering constraint that names a pre-release of the same segments. */
function isPrereleaseAllowed(version: Version, bound: Version): boolean {
  if (version.prerelease === '') return true;
  if (bound.prerelease === '') return false;
  return (
    version.segments.length === bound.segments.length &&
    version.segments.every((part, i) => part === bound.segments[i])
  );
}

function isPessimistic(version: Version, bound: Version): boolean {
  if (!isPrereleaseAllowed(version, bound) && !(version.prerelease === '' && bound.prerelease !== ''))
    return false;
  if (compareVersions(version, bound) < 0) return false;
  const fixed = Math.max(bound.written - 1, 1);
  return bound.segments.slice(0, fixed).every((part, index) => part === version.segments[index]);
}

function meets(version: Version, operator: string, bound: Version): boolean {
  const order = compareVersions(version, bound);
  switch (operator) {
    case '>':
      return isPrereleaseAllowed(version, bound) && order > 0;
    case '>=':
      return isPrereleaseAllowed(version, bound) && order >= 0;
    case '<':
      return isPrereleaseAllowed(version, bound) && order < 0;
    case '<=':
      return isPrereleaseAllowed(version, bound) && order <= 0;
    case '!=':
      return order !== 0;
    case '~>':
      return isPessimistic(version, bound);
    default:
      return order === 0;
  }
}

/** True when `version` meets every constraint; each may hold several, parted by commas. Throws DslError for malformed ones. */
export function meetsConstraints(version: string, constraints: readonly string[]): boolean {
  const parsed = parseVersion(version.trim());
  if (parsed === undefined) throw new DslError(`malformed version: ${version.slice(0, 60)}`);
  return constraints
    .flatMap(text => text.split(','))
    .every(text => {
      const match = CONSTRAINT.exec(text);
      const bound = parseVersion(match?.[2] ?? '');
      if (bound === undefined) throw new DslError(`malformed constraint: ${text.slice(0, 60)}`);
      return meets(parsed, match?.[1] ?? '=', bound);
    });
}

/** Version comparison. */
export const VERSION_FUNCTIONS = [
  define('compare_versions', 2, ANY_COUNT, args =>
    meetsConstraints(textAt(args, 0), args.slice(1).map(toText)),
  ),
];
