import { kidsOf, numberOf, roleOf, withKids, withParent } from './elements.ts';
import type { PdfSource } from './source.ts';

/** A list may hold items, lists and a caption only: whatever else stands in it becomes an item. */
export function mendList(source: PdfSource, number: number): void {
  const { text } = source.read(number);
  const kids = kidsOf(text);
  const mended = kids.map(kid => {
    const child = numberOf(kid);
    const inner = child === 0 ? undefined : source.read(child).text;
    if (inner !== undefined && /^(?:LI|L|Caption)$/.test(roleOf(inner))) return kid;
    if (inner === undefined) return kid;
    const item = source.add({ text: '' });
    const body = source.add({
      text: `<</Type /StructElem\n/S /LBody\n/P ${item} 0 R\n/K [${kid}]>>`,
    });
    source.change(item, { text: `<</Type /StructElem\n/S /LI\n/P ${number} 0 R\n/K [${body} 0 R]>>` });
    source.change(child, { text: withParent(inner, body) });
    return `${item} 0 R`;
  });
  if (mended.some((kid, index) => kid !== kids[index]))
    source.change(number, { text: withKids(text, mended) });
}
