import type { z } from 'zod';
import { RenderError } from '../message.ts';
import { attackSurfaceData } from './attack-surface.ts';
import { pentestData } from './pentest.ts';

/** Shapes that a design may name in `data`; any other name, or none, takes the data as it is. */
const SHAPES: Readonly<Record<string, z.ZodType>> = {
  'attack-surface': attackSurfaceData,
  pentest: pentestData,
};

const MAX_NAMED = 10;

/** Checks the data against the shape that the design names and fills in what is left out; throws `data-invalid` with paths. */
export function prepareData(shape: string, data: unknown): unknown {
  const schema = SHAPES[shape];
  if (!schema) return data;
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const messages = parsed.error.issues.slice(0, MAX_NAMED).map(issue => {
    const path = issue.path.reduce<string>(
      (whole, part) =>
        typeof part === 'number'
          ? `${whole}[${part}]`
          : whole === ''
            ? String(part)
            : `${whole}.${String(part)}`,
      '',
    );
    const what = issue.message.replace(
      /^Invalid input: expected (\w+), received undefined$/,
      'is missing ($1)',
    );
    return {
      level: 'error' as const,
      code: 'data-invalid',
      text: `${path === '' ? 'the data' : path}: ${what}`,
      location: { path },
    };
  });
  const count = parsed.error.issues.length;
  throw new RenderError(
    'data-invalid',
    `The data does not fit the design in ${count === 1 ? 'one place' : `${count} places`}: mend what is named, or choose the design that the data was made for.`,
    messages,
  );
}
