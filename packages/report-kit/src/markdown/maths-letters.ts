import type { Element } from 'hast';

/** Where an alphabet of mathematical letters begins in Unicode: capitals, small letters, digits; undefined where there are none. */
type Alphabet = readonly [capitals: number, smalls: number, digits?: number];

/** MathML Core leaves the choice of alphabet to the character itself, so browsers ignore `mathvariant`. */
const ALPHABETS: Readonly<Record<string, Alphabet>> = {
  bold: [0x1d400, 0x1d41a, 0x1d7ce],
  italic: [0x1d434, 0x1d44e],
  'bold-italic': [0x1d468, 0x1d482],
  script: [0x1d49c, 0x1d4b6],
  'bold-script': [0x1d4d0, 0x1d4ea],
  fraktur: [0x1d504, 0x1d51e],
  'double-struck': [0x1d538, 0x1d552, 0x1d7d8],
  'bold-fraktur': [0x1d56c, 0x1d586],
  'sans-serif': [0x1d5a0, 0x1d5ba, 0x1d7e2],
  'bold-sans-serif': [0x1d5d4, 0x1d5ee, 0x1d7ec],
  'sans-serif-italic': [0x1d608, 0x1d622],
  monospace: [0x1d670, 0x1d68a, 0x1d7f6],
};

/** Letters that Unicode had before the alphabets, and left holes for. */
const EARLIER: Readonly<Record<number, number>> = {
  0x1d455: 0x210e,
  0x1d49d: 0x212c,
  0x1d4a0: 0x2130,
  0x1d4a1: 0x2131,
  0x1d4a3: 0x210b,
  0x1d4a4: 0x2110,
  0x1d4a7: 0x2112,
  0x1d4a8: 0x2133,
  0x1d4ad: 0x211b,
  0x1d4ba: 0x212f,
  0x1d4bc: 0x210a,
  0x1d4c4: 0x2134,
  0x1d506: 0x212d,
  0x1d50b: 0x210c,
  0x1d50c: 0x2111,
  0x1d515: 0x211c,
  0x1d51d: 0x2128,
  0x1d53a: 0x2102,
  0x1d53f: 0x210d,
  0x1d545: 0x2115,
  0x1d547: 0x2119,
  0x1d548: 0x211a,
  0x1d549: 0x211d,
  0x1d551: 0x2124,
};

function letterOf(character: string, [capitals, smalls, digits]: Alphabet): string {
  const code = character.codePointAt(0) ?? 0;
  let found = code;
  if (code >= 65 && code <= 90) found = capitals + code - 65;
  else if (code >= 97 && code <= 122) found = smalls + code - 97;
  else if (code >= 48 && code <= 57 && digits !== undefined) found = digits + code - 48;
  return String.fromCodePoint(EARLIER[found] ?? found);
}

const COMBINING_ARROW = '\u{20d7}';

/** Writes letters of other alphabets as the characters that they are, and accents as signs that can be placed, in place. */
export function spellLetters(element: Element): void {
  const variant = element.properties.mathvariant ?? element.properties.mathVariant;
  const alphabet = typeof variant === 'string' ? ALPHABETS[variant] : undefined;
  if (alphabet && variant !== undefined) {
    delete element.properties.mathvariant;
    delete element.properties.mathVariant;
  }
  for (const child of element.children) {
    if (child.type === 'element') spellLetters(child);
    else if (child.type === 'text') {
      if (alphabet) child.value = [...child.value].map(letter => letterOf(letter, alphabet)).join('');
      if (element.tagName !== 'mo' || child.value !== COMBINING_ARROW) continue;
      child.value = '→';
      element.properties.mathsize = '70%';
    }
  }
}
