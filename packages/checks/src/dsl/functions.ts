import { COLLECTION_FUNCTIONS } from './functions/collection.ts';
import { COMPRESSION_FUNCTIONS } from './functions/compression.ts';
import { CRYPTO_FUNCTIONS } from './functions/crypto.ts';
import { ENCODING_FUNCTIONS } from './functions/encoding.ts';
import { NETWORK_FUNCTIONS } from './functions/network.ts';
import { NUMBER_FUNCTIONS } from './functions/number.ts';
import { RANDOM_FUNCTIONS } from './functions/random.ts';
import { REGEX_FUNCTIONS } from './functions/regex.ts';
import type { DslFunction } from './functions/signature.ts';
import { TEXT_FUNCTIONS } from './functions/text.ts';
import { TIME_FUNCTIONS } from './functions/time.ts';
import { VERSION_FUNCTIONS } from './functions/version.ts';
import { Suspension } from './values.ts';
import type { DslValue } from './values.ts';

/** Functions of the format that this engine refuses at load: exploit generators, foreign services, models. */
const REFUSED = new Set([
  'generate_java_gadget',
  'public_ip',
  'llm_prompt',
  'cookie_unsign',
  'generate_dotnet_gadget',
]);

function registry(): Map<string, DslFunction> {
  const all = [
    ...TEXT_FUNCTIONS, ...ENCODING_FUNCTIONS, ...CRYPTO_FUNCTIONS, ...COMPRESSION_FUNCTIONS, ...RANDOM_FUNCTIONS,
    ...TIME_FUNCTIONS, ...VERSION_FUNCTIONS, ...REGEX_FUNCTIONS, ...COLLECTION_FUNCTIONS, ...NUMBER_FUNCTIONS,
    ...NETWORK_FUNCTIONS,
  ]; // prettier-ignore
  const map = new Map<string, DslFunction>();
  for (const item of all) {
    map.set(item.name, item);
    map.set(item.name.replaceAll('_', ''), item);
  }
  return map;
}

const FUNCTIONS = registry();
const REFUSED_SPELLINGS = new Set([...REFUSED].flatMap(name => [name, name.replaceAll('_', '')]));

/** The function of that name, with or without its underscores; undefined when there is none. */
export function findFunction(name: string): DslFunction | undefined {
  return FUNCTIONS.get(name);
}

/** What a call has to wait for; undefined when it does not wait. */
export function suspensionOf(name: string, args: readonly DslValue[]): Suspension | undefined {
  try {
    findFunction(name)?.call(args, { get: () => undefined });
    return undefined;
  } catch (error) {
    if (error instanceof Suspension) return error;
    throw error;
  }
}

/** True for a function that the format has and this engine refuses. */
export function isRefusedFunction(name: string): boolean {
  return REFUSED_SPELLINGS.has(name);
}

/** The names of all functions, sorted. */
export function functionNames(): string[] {
  return [...new Set([...FUNCTIONS.values()].map(item => item.name))].sort();
}
