import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvRow } from './csv.ts';

test('cells are quoted, and text that a spreadsheet would run is not run', () => {
  assert.equal(csvRow(['plain', 1, null, undefined]), '"plain",1,"",""\r\n');
  assert.equal(csvRow(['a "quoted", text']), '"a ""quoted"", text"\r\n');
  for (const formula of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '|cmd', '%0A'])
    assert.equal(csvRow([formula]), `"'${formula}"\r\n`);
});
