import type { Code, Construct, Effects, State } from 'micromark-util-types';
import './syntax-types.ts';

const DOLLAR = 36;
const BACKSLASH = 92;
const MAX_LENGTH = 5000;

const isBlank = (code: Code): boolean => code === null || code < 0 || code === 32;
const isDigit = (code: Code): boolean => code !== null && code >= 48 && code <= 57;

function tokenize(effects: Effects, ok: State, nok: State): State {
  let size = 0;
  let last: Code = null;
  let isEscaped = false;
  return start;

  function start(code: Code): State | undefined {
    effects.enter('dollarMath');
    effects.consume(code);
    return first;
  }
  function first(code: Code): State | undefined {
    return isBlank(code) || code === DOLLAR ? nok(code) : inside(code);
  }
  function inside(code: Code): State | undefined {
    if (code === null || size > MAX_LENGTH) return nok(code);
    if (code < -2) return nok(code);
    effects.consume(code);
    if (code === DOLLAR && !isEscaped) return isBlank(last) ? nok : close;
    size += 1;
    isEscaped = code === BACKSLASH && !isEscaped;
    last = code;
    return inside;
  }
  function close(code: Code): State | undefined {
    if (isDigit(code)) return nok(code);
    effects.exit('dollarMath');
    return ok(code);
  }
}

/**
 * `$x$` on one line, by pandoc's rule, so that prices stay text: no blank inside the dollars, no digit behind them.
 */
export const dollarMath: Construct = { name: 'dollarMath', tokenize };
