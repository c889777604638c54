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
  TextRun,
} from 'docx';
import type { IContext, IXmlableObject, MathComponent, ParagraphChild } from 'docx';
import { latexToMath } from 'docx/math';
import { plainText, renderMaths } from '../markdown/index.ts';
import { STYLE_IDS } from './styles.ts';
import { cleanText } from './text.ts';

const elementsOf = (element: Element): Element[] =>
  element.children.filter(child => child.type === 'element');

function convertAll(nodes: readonly ElementContent[]): MathComponent[] {
  return nodes.flatMap(node => (node.type === 'element' ? convert(node) : []));
}

/** Rows of a matrix in one line: only formulas that are read as TeX have Word's own matrices. */
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

/** A formula from its TeX; what the library does not know of TeX, KaTeX may, by way of MathML. */
function componentsOf(tex: string, math: Element): readonly MathComponent[] {
  try {
    return latexToMath(tex);
  } catch {
    return convert(math);
  }
}

/** A formula on a line of its own: Word sets it larger than one within a line. */
class DisplayFormula extends Formula {
  override prepForXml(context: IContext): IXmlableObject | undefined {
    const inner = super.prepForXml(context);
    return inner && { 'm:oMathPara': [inner] };
  }
}

/** TeX as a formula that Word can edit, one on a line of its own in a paragraph of formulas; what is no formula stays as its source. */
export function formulaOf(element: Element): ParagraphChild {
  const tex = plainText(element.children);
  const isDisplay = element.properties.dataDisplay === 'block';
  const math = renderMaths(tex, isDisplay);
  if (typeof math === 'string') return new TextRun({ text: cleanText(tex), style: STYLE_IDS.codeWords });
  const children = [...componentsOf(cleanText(tex), math)];
  return isDisplay ? new DisplayFormula({ children }) : new Formula({ children });
}
