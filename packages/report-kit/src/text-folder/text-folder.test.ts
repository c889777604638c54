import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { micromark } from 'micromark';
import { plainText, readMarkdown } from '../markdown/index.ts';
import type { ReportOutline } from '../outline/index.ts';
import { escapeMarkdown, makeTextFolder, saveTextFolder } from './index.ts';

const outline: ReportOutline = {
  title: 'Report *one*',
  language: 'en',
  facts: [{ label: 'Date', value: '2026-11-20' }],
  chapters: [
    {
      title: 'Findings',
      blocks: [{ kind: 'table', columns: ['a|b'], rows: [[{ text: 'First', target: 'f1' }]] }],
      chapters: [
        {
          id: 'f1',
          title: 'First',
          blocks: [
            {
              kind: 'markdown',
              label: 'Text',
              text: '# Inner\n\nSetext\n===\n\n[](#f1) ![x](/images/name/a%20b.png) `![y](/images/name/c.png)` {{ t }}\n\n```\n# no heading\n```',
            },
            { kind: 'list', items: ['# not a heading'] },
          ],
          chapters: [],
        },
      ],
    },
  ],
};

test('a report is one Markdown text with its pictures beside it', async () => {
  const { files, messages } = await makeTextFolder(outline, {
    file: async address => (address.endsWith('a%20b.png') ? Buffer.from('png') : undefined),
    resolveVariable: path => (path === 't' ? '*v*' : undefined),
  });
  assert.deepEqual([...files.keys()], ['report.md', 'images/a-b.png']);
  assert.deepEqual(messages, []);
  assert.equal(
    Buffer.from(files.get('report.md') ?? []).toString(),
    [
      '# Report \\*one\\*',
      '- **Date:** 2026-11-20',
      '## Findings',
      '| a\\|b |\n| --- |\n| [First](#f1) |',
      '<a id="f1"></a>',
      '### First',
      '#### Text',
      '##### Inner',
      '##### Setext',
      '[First](#f1) ![x](images/a-b.png) `![y](/images/name/c.png)` \\*v\\*',
      '```\n# no heading\n```',
      '- \\# not a heading\n',
    ].join('\n\n'),
  );
});

test('nothing in the folder runs or asks another host, whatever a viewer makes of it', async () => {
  const text = [
    'Payload <script>alert(1)</script> and <img src=x onerror="alert(1)"> **b**',
    '<script>\n[x](javascript:alert(1))\n</script>',
    '<foo>\n[x](javascript:alert(1)) *a*\n</foo>',
    '<div onclick="x()" class="c">\n<svg onload=x()><script>x</script></svg><iframe src="//evil.invalid">\n</div>',
    '[x](javascript:alert(1)) [y](java&#115;cript:alert(1)) [z] <javascript:alert(1)> <b style="background:url(//evil.invalid)">c</b>',
    '[z]: JavaScript:alert(1)',
    '![p](https://evil.invalid/p.png) <img src="https://evil.invalid/q.png"> <a href="https://ok.example">ok</a>',
    '<ref to="f1"/> <details open><summary>s</summary></details>',
    '> <script>\n> [x](javascript:alert(1))',
  ].join('\n\n');
  const { files } = await makeTextFolder({
    ...outline,
    chapters: [{ id: 'f1', title: 'First', blocks: [{ kind: 'markdown', text }], chapters: [] }],
  });
  const written = Buffer.from(files.get('report.md') ?? []).toString();
  const html = micromark(written, { allowDangerousHtml: true, allowDangerousProtocol: true });
  assert.doesNotMatch(
    html,
    /<(?:script|iframe|svg|foo)|<[^>]*\son\w+=|<[^>]*href="javascript|<[^>&]*\ssrc="[^"]*evil|url\(/i,
  );
  for (const wanted of [
    'alert(1)&lt;/script&gt;',
    'evil.invalid/p.png',
    '<a href="https://ok.example">',
    '<details open>',
    '<div class="c">',
  ])
    assert.ok(html.includes(wanted), `${wanted}: ${html}`);
  assert.match(written, /\[First\]\(#f1\)/);
});

test('a missing file is reported, and the folder is written whole or not at all', async () => {
  const made = await makeTextFolder(outline);
  assert.deepEqual(
    made.messages.map(({ code }) => code),
    ['file-missing'],
  );
  const parent = await mkdtemp(join(tmpdir(), 'text-folder-'));
  try {
    await saveTextFolder(made, join(parent, 'out'));
    assert.match(await readFile(join(parent, 'out/report.md'), 'utf8'), /^# Report/);
    await assert.rejects(saveTextFolder(made, join(parent, 'out')), /already there/);
    assert.deepEqual(await readdir(parent), ['out']);
  } finally {
    await rm(parent, { recursive: true });
  }
});

test('property: escaped text is shown as it is', () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.constantFrom(
      '*',
      '_',
      '#',
      '- ',
      '1. ',
      '`',
      '[a](b)',
      '<b>',
      '&amp;',
      '{{x}}',
      '$x$',
      '^[a]',
      '~~',
      '|',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), pieces => {
      const text = pieces.join('').replaceAll(/\s+/g, ' ').trim().replaceAll('TODO', '');
      const { tree } = readMarkdown(escapeMarkdown(text));
      assert.equal(
        plainText(tree.children).replaceAll('\u0000', '\uFFFD').trim(),
        text.replaceAll('\u0000', '\uFFFD').trim(),
      );
    }),
    { numRuns: 500 },
  );
});
