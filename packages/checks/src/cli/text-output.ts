import type { CheckResult } from '../run/result.ts';

/** Control characters of a target must not reach a terminal. */
const clean = (text: string): string =>
  text.replace(/[\x00-\x1f\x7f-\x9f]/g, char => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** One result as a line: id, protocol, severity, place, extracted values. */
export function formatResult(result: CheckResult): string {
  const name = result['matcher-name'] ?? result['extractor-name'];
  const id = name === undefined ? result['template-id'] : `${result['template-id']}:${name}`;
  const extracted = result['extracted-results'];
  const values =
    extracted === undefined
      ? ''
      : ` [${extracted.map(value => `"${clean(value.slice(0, 300))}"`).join(',')}]`;
  const failed = result['matcher-status'] ? '' : '[failed] ';
  return `${failed}[${clean(id)}] [${result.type}] [${String(result.info['severity'])}] ${clean(result['matched-at'])}${values}`;
}
