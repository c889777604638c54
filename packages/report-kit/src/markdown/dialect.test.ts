import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { annotateMarkdown, renderMarkdown, tokenizeMarkdown } from './index.ts';

const html = (text: string): string => renderMarkdown(text).html;

test('a picture with a line of its own is a figure with a Markdown caption', () => {
  assert.equal(
    html('![A *big* plan](/images/name/a.png){#fig .wide width="50%"}'),
    '<figure id="fig"><img src="/images/name/a.png" alt="A big plan" class="wide" style="width: 50%"><figcaption>A <em>big</em> plan</figcaption></figure>',
  );
  assert.match(html('text\n![a](/x.png)\nmore'), /^<p>text<\/p>\n<figure>.*<\/figure>\n<p>more<\/p>$/);
  assert.match(html('text ![a](/x.png) more'), /^<p>text <img src="\/x.png" alt="a"> more<\/p>$/);
});

test('a table has its caption behind it', () => {
  for (const start of [':', 'Table:'])
    assert.match(
      html(`|a|\n|-|\n|1|\n\n${start} Open *ports* {#ports}`),
      /^<table id="ports"><caption>Open <em>ports<\/em><\/caption>/,
    );
  assert.match(html('Table: no table'), /^<p>Table: no table/);
});

test('attributes belong to what is in front of them, and otherwise are text', () => {
  assert.equal(html('**a**{.x .y #z title="t"}'), '<p><strong id="z" class="x y" title="t">a</strong></p>');
  assert.equal(html('# Title {#top}'), '<h1 id="top">Title</h1>');
  assert.equal(html('plain {.x}'), '<p>plain &#x7B;.x&#x7D;</p>');
  assert.equal(html('`a`{.language-x}'), '<p><code class="language-x">a</code></p>');
});

test('footnotes are inline and nest', () => {
  assert.equal(
    html('a^[b **c** [d](/e) ^[f] `]` \\]]g'),
    '<p>a<footnote>b <strong>c</strong> <a href="/e">d</a> <footnote>f</footnote> <code>]</code> ]</footnote>g</p>',
  );
  assert.equal(html('a^[b\nc]'), '<p>a<footnote>b\nc</footnote></p>');
  assert.equal(html('a^[] [^1] ^[x'), '<p>a^[] [^1] ^[x</p>');
});

test('references are marked, with a title where one is known', () => {
  assert.equal(html('[](#f)'), '<p><a href="#f" class="ref" data-ref="f"></a></p>');
  const result = renderMarkdown('[](#f) <ref to="g"/> [own](#h)', {
    resolveReference: id => `Finding ${id}`,
  });
  assert.match(result.html, />Finding f<.*>Finding g<.*href="#h">own</);
  assert.deepEqual(result.references, ['f', 'g', 'h']);
});

test('marks for what is to do, also in raw HTML, not in code or inside words', () => {
  assert.equal(renderMarkdown('TODO ToDo To-Do TO-DO todo TODOS <b>TODO</b> `TODO`').todos, 5);
});

test('formulas become MathML; prices stay text; a broken formula is reported', () => {
  assert.match(html('$x^2$'), /<span class="math-inline"><math .*<msup>/);
  assert.match(html('$$\nx\n$$'), /<div class="math-display"><math .*display="block"/);
  assert.match(html('```math\nx\n```'), /math-display/);
  assert.equal(html('$5 and $10'), '<p>$5 and $10</p>');
  const broken = renderMarkdown(String.raw`$\frac{1$`);
  assert.equal(broken.messages[0]?.code, 'formula-invalid');
  assert.match(broken.html, /math-error">\\frac/);
});

test('code is numbered, coloured and marked', () => {
  const result = html('```js highlight-manual\nconst §§a§§ = "b§§c";\n§§§<b class="x">§d§</b>§\n```');
  assert.match(result, /data-line-number="2"/);
  assert.match(result, /<mark>a<\/mark>/);
  assert.match(result, /<mark><span class="hljs-string">c";?/);
  assert.match(
    html('```sh highlight-manual="|"\na ||b|| |<em>|c|</em>|\n```'),
    /<mark>b<\/mark> <em>c<\/em>/,
  );
  assert.match(
    html('```py {#code caption="Proof"}\nx\n```'),
    /<figure id="code" class="listing"><pre class="code-block">.*<figcaption>Proof/s,
  );
});

test('diagrams keep their source for the page to draw', () => {
  assert.equal(
    html('```mermaid caption="Flow" width="8cm"\na --> b\n```'),
    '<figure class="diagram"><pre style="width: 8cm" class="mermaid">a --> b</pre><figcaption>Flow</figcaption></figure>',
  );
});

test('the elements of the dialect may be written as HTML, with their attributes or their content', () => {
  for (const [text, wanted] of [
    ['<img src="/a.png" width="8cm" height="300">', /<img src="\/a\.png" style="height: 300px; width: 8cm">/],
    ['<img src="/a.png" style="width: 3cm" width="8cm">', /style="width: 8cm; width: 3cm"/],
    ['<a href="#x" width="4cm">x</a>', /<a href="#x" style="width: 4cm">/],
    ['<mermaid-diagram text="graph TD; A --> B"/>', /<pre class="mermaid">graph TD; A --> B<\/pre>/],
    [
      '<mermaid-diagram>\ngraph TD\n\nA --> B\n</mermaid-diagram>',
      /<pre class="mermaid">graph TD\nA --> B<\/pre>/,
    ],
    [
      '<mermaid-diagram id="d" caption="Flow" width="5cm">a</mermaid-diagram>',
      /<figure id="d" class="diagram"><pre style="width: 5cm" class="mermaid">a<\/pre><figcaption>Flow<\/figcaption>/,
    ],
    ['<math-latex text="x^2"/> y', /math-inline"><math .*<msup>.* y/],
    ['<math-latex display-mode>x</math-latex>', /^<div class="math-display"/],
    ['<math-latex text="x" :display-mode="false"/>', /math-inline/],
    ['a <pagebreak/> b', /^<p>a <\/p><div class="pagebreak"><\/div><p> b<\/p>$/],
    ['<ref to="#f"/>', /href="#f" class="ref" data-ref="f"/],
    ['<markdown text="# Head"/>', /<h1>Head<\/h1>/],
  ] as const)
    assert.match(html(text), wanted, text);
});

test('markup that is not allowed is shown as it was written, and nothing that follows it is lost', () => {
  for (const tag of [
    '<script>',
    '<style>',
    '<title>',
    '<textarea>',
    '<iframe src=x>',
    '<svg>',
    '<plaintext>',
    '<foo-bar>',
    '<object>',
  ]) {
    const name = tag.replaceAll(/[<>]/g, '');
    assert.equal(html(`The ${tag} tag.\n\nNext.`), `<p>The &#x3C;${name}> tag.</p>\n<p>Next.</p>`);
    assert.match(html(`${tag}x\n\nNext.`), /Next\./);
  }
  assert.equal(
    html('Payload <script>alert(1)</script> *ran*.'),
    '<p>Payload &#x3C;script>alert(1)&#x3C;/script> <em>ran</em>.</p>',
  );
  assert.match(html('<user>\n*x*\n</user>'), /<pre class="code-block"><code>.*&#x3C;user>\n.*\*x\*/s);
  assert.match(html('<script>\n*x*\n\nNext.'), /<pre class="code-block">.*&#x3C;script>\n.*Next\./s);
  const block = renderMarkdown('<script>\nx\n</script>\n\nNext.');
  assert.deepEqual([block.html.trim(), block.messages[0]?.code], ['<p>Next.</p>', 'markup-removed']);
  for (const text of [
    '<!-- open\n\nNext.',
    '<?php system($_GET[0]); ?>',
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<div><!-- open\n\nNext.',
  ])
    assert.match(html(text), /Next\.|system|ENTITY x SYSTEM/, text);
  assert.equal(html('a <!-- gone --> b <!--> c'), '<p>a  b  c</p>');
  const drawing = renderMarkdown(
    'a <svg><title>t</title><path d="x"/></svg> b\n\n<style>\np {}\n</style>\n\nc',
  );
  assert.equal(drawing.html.replaceAll(/\s+/g, ' '), '<p>a b</p> <p>c</p>');
  assert.deepEqual(
    drawing.messages.map(({ code, location }) => `${code} ${location?.line}`),
    ['markup-removed 1', 'markup-removed 3'],
  );
  const shown = renderMarkdown('x <user>a</user>').messages;
  assert.deepEqual(
    shown.map(({ level, code }) => `${level} ${code}`),
    ['info markup-shown'],
  );
});

test('what follows an element of the dialect is never taken into it', () => {
  for (const tag of [
    '<mermaid-diagram text="graph LR; C --> D" caption="Raw"/>',
    '<mermaid-diagram text="a">',
    "<math-latex text='a > b'/>",
    '<math-latex text="a">',
    '<pagebreak>',
    '<pagebreak/>',
    '<markdown text="x > y"/>',
    '<markdown text="a">',
    '<ref to="x" title=">"/>',
  ]) {
    const made = html(`before\n\n${tag}\n\nAfter **it**.`);
    assert.match(made, /<p>After <strong>it<\/strong>\.<\/p>$/, `${tag}: ${made}`);
  }
});

test('front matter goes, a line or heading at the start stays', () => {
  assert.equal(html('---\ntitle: x\n---\ntext'), '<p>text</p>');
  assert.equal(html('---\nHello\n---'), '<hr>\n<h2>Hello</h2>');
});

test('lists of tasks, struck text, no indented code, no bare addresses as links', () => {
  assert.match(html('- [x] a\n- [ ] b'), /<input type="checkbox" checked disabled> a/);
  assert.equal(html('~~a~~'), '<p><del>a</del></p>');
  assert.equal(html('    a'), '<p>a</p>');
  assert.equal(html('https://a.example'), '<p>https://a.example</p>');
});

test('blocks carry their line for previews that want it', () => {
  assert.equal(
    renderMarkdown('a\n\n# b', { hasLines: true }).html,
    '<p data-line="1">a</p>\n<h1 data-line="3">b</h1>',
  );
});

const kindsAt = (text: string, part: string): string[] => {
  const at = text.indexOf(part);
  return tokenizeMarkdown(text)
    .filter(({ from, to }) => from <= at && to >= at + part.length)
    .map(({ kind }) => kind);
};

test('tokens for an editor come from the same grammar', () => {
  const text = '# Head\n**bold**{.x} {.plain} `code` {{ a.b }} TODO^[note] $x$ [l](/u) <b>\n\n```js\nx\n```';
  for (const [part, kind] of [
    ['Head', 'heading'],
    ['bold', 'strong'],
    ['{.x}', 'attributes'],
    ['`code`', 'code'],
    ['{{ a.b }}', 'variable'],
    ['TODO', 'todo'],
    ['note', 'footnote'],
    ['$x$', 'math'],
    ['/u', 'url'],
    ['<b>', 'html'],
    ['js', 'code-language'],
  ] as const)
    assert.ok(kindsAt(text, part).includes(kind), `${part}: ${kindsAt(text, part).join()}`);
  assert.deepEqual(kindsAt(text, '{.plain}'), []);
});

test('spell-check text leaves out what is not prose', () => {
  const prose = annotateMarkdown(
    '# A headin\n\nSome **bold** `code` [lnk](http://x.example "ttl") &amp; {{ a.b }} $x$ TODO\n\n```js\nconst xyzzy;\n```\n<b title="q">raw</b>',
  )
    .map(part => ('text' in part ? part.text : `<${part.interpretAs ?? ''}>`))
    .join('');
  for (const word of ['headin', 'bold', 'lnk', 'raw', '<code>', '<&>', '<value>'])
    assert.ok(prose.includes(word), `${word}: ${prose}`);
  for (const word of ['xyzzy', 'http', 'TODO', 'a.b']) assert.ok(!prose.includes(word), `${word}: ${prose}`);
});

test('words of different cells, captions and notes stay apart for the spell checker', () => {
  const read = (text: string): string =>
    annotateMarkdown(text)
      .map(part => ('text' in part ? part.text : (part.interpretAs ?? '')))
      .join('')
      .replaceAll(/\s+/g, ' ')
      .trim();
  assert.equal(read('| First | second |\n|-|-|\n| a | b |'), 'First second a b');
  assert.equal(read('one^[A *note*] two'), 'one (A note) two');
  assert.equal(read('![A caption](/images/name/a.png "title") x'), 'A caption title x');
});

test('property: spell-check stretches put together are the text, and tokens lie within it', () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      '**',
      '`',
      '\n',
      '\r\n',
      '\t',
      '[a](b)',
      '{{x}}',
      '^[',
      ']',
      '&amp;',
      '- ',
      '> ',
      '|',
      '\n|-|\n',
      '```',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), pieces => {
      const text = pieces.join('');
      const joined = annotateMarkdown(text).map(part => ('text' in part ? part.text : part.markup));
      assert.equal(joined.join(''), text);
      for (const { from, to } of tokenizeMarkdown(text)) assert.ok(from < to && to <= text.length);
    }),
    { numRuns: 500 },
  );
});
