import assert from 'node:assert/strict';
import { test } from 'node:test';
import { neighbourRow } from './row-keys.ts';
import { stackColumns } from './trend-scale.ts';

test('arrow keys walk the rows and stop at the ends', () => {
  assert.equal(neighbourRow('ArrowDown', 0, 3), 1);
  assert.equal(neighbourRow('ArrowDown', 2, 3), 2);
  assert.equal(neighbourRow('ArrowUp', 0, 3), 0);
  assert.equal(neighbourRow('Home', 2, 3), 0);
  assert.equal(neighbourRow('End', 0, 3), 2);
  assert.equal(neighbourRow('a', 0, 3), undefined);
  assert.equal(neighbourRow('ArrowDown', -1, 3), undefined);
  assert.equal(neighbourRow('End', 0, 0), undefined);
});

test('columns stack from the bottom, the worst on top, and stay inside the drawing', () => {
  const findings = { critical: 1, high: 0, medium: 2, low: 5, info: 90 };
  const { columns } = stackColumns([{ findings }], { width: 640, height: 80 });
  const [column] = columns;
  assert.deepEqual(
    column?.parts.map(part => part.severity),
    ['low', 'medium', 'critical'],
  );
  assert.equal(column?.parts.at(-1)?.y, 0);
  assert.equal(column?.parts[0]?.y, 30);
});

test('many scans still fit side by side', () => {
  const findings = { critical: 1, high: 1, medium: 1, low: 1, info: 1 };
  const { columns } = stackColumns(
    Array.from({ length: 60 }, () => ({ findings })),
    { width: 640, height: 80 },
  );
  const last = columns.at(-1);
  assert.ok(last && last.x + last.width <= 640);
});
