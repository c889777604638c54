import type { Element, ElementContent } from 'hast';
import {
  Math as Formula,
  MathFraction,
  MathLimitLower,
  MathLimitUpper,
  MathRadical,
  MathRun,
  MathSubScript,
  MathSubSuperScript,
  MathSuperScript,
} from 'docx';
import type { MathComponent } from 'docx';
import { plainText } from '../markdown/index.ts';

const elementsOf = (element: Element): Element[] =>
  element.children.filter(child => child.type === 'element');

function convertAll(nodes: readonly ElementContent[]): MathComponent[] {
  return nodes.flatMap(node => (node.type === 'element' ? convert(node) : []));
}

/** Rows of a matrix in one line: Word's own matrices cannot be written yet. */
function tableRow(element: Element): MathComponent[] {
  return elementsOf(element).flatMap((row, index) => [
    ...(index > 0 ? [new MathRun('; ')] : []),
    ...elementsOf(row).flatMap((cell, place) => [
      ...(place > 0 ? [new MathRun(', ')] : []),
      ...convertAll(cell.children),
    ]),
  ]);
}

function convert(element: Element): MathComponent[] {
  const [first, second, third] = elementsOf(element).map(child => convert(child));
  const [base = [], one = [], two = []] = [first, second, third];
  switch (element.tagName) {
    case 'annotation':
    case 'mspace':
    case 'mphantom':
      return [];
    case 'mi':
    case 'mn':
    case 'mo':
    case 'mtext':
    case 'ms': {
      // Invisible operators would show as boxes.
      const text = plainText(element.children).replaceAll(/[\u2061-\u2064]/g, '');
      return text === '' ? [] : [new MathRun(text)];
    }
    case 'mfrac':
      return [new MathFraction({ numerator: base, denominator: one })];
    case 'msup':
      return [new MathSuperScript({ children: base, superScript: one })];
    case 'msub':
      return [new MathSubScript({ children: base, subScript: one })];
    case 'msubsup':
      return [new MathSubSuperScript({ children: base, subScript: one, superScript: two })];
    case 'msqrt':
      return [new MathRadical({ children: convertAll(element.children) })];
    case 'mroot':
      return [new MathRadical({ children: base, degree: one })];
    case 'munder':
      return [new MathLimitLower({ children: base, limit: one })];
    case 'mover':
      return [new MathLimitUpper({ children: base, limit: one })];
    case 'munderover':
      return [
        new MathLimitUpper({ children: [new MathLimitLower({ children: base, limit: one })], limit: two }),
      ];
    case 'mtable':
      return tableRow(element);
    default:
      return convertAll(element.children);
  }
}

/** MathML as a formula that Word can edit. */
export const wordFormula = (math: Element): Formula => new Formula({ children: convert(math) });
