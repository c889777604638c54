// The components that a template may use; see the README for their attributes.
(() => {
  const { h, ref, shallowRef, onMounted, nextTick } = Vue;
  const kit = globalThis.reportKit;

  const slotText = slots =>
    (slots.default?.() ?? []).map(node => (typeof node.children === 'string' ? node.children : '')).join('');

  /** Texts that are still on their way: who reads what stands in the document waits for them. */
  const coming = new Set();
  const arrived = async () => {
    for (let round = 0; round < 3; round++) await nextTick();
    while (coming.size > 0) await Promise.all(coming);
    await nextTick();
  };

  /** One request to Node for all texts of a rendering round: Node owns the Markdown engine and its sanitiser. */
  let waiting = null;
  const askAll = async () => {
    await Promise.resolve();
    const texts = [...waiting.texts];
    waiting = null;
    const results = await kit.ask('markdown', texts);
    for (const [index, html] of results.entries()) kit.markdown.set(texts[index], html);
  };
  const markdownToHtml = text => {
    const known = kit.markdown.get(text);
    if (known !== undefined) return known;
    waiting ??= { texts: new Set(), done: null };
    waiting.texts.add(text);
    if (!waiting.done) {
      const done = askAll();
      waiting.done = done;
      coming.add(done);
      done.finally(() => coming.delete(done));
    }
    kit.tasks.add(waiting.done);
    return waiting.done;
  };

  kit.components.markdown = {
    props: { text: { default: null }, tag: { default: 'div' } },
    setup(props, { slots }) {
      const html = shallowRef('');
      let current;
      return () => {
        const text = String(props.text ?? slotText(slots));
        if (text !== current) {
          current = text;
          const result = text.trim() === '' ? '' : markdownToHtml(text);
          if (typeof result === 'string') html.value = result;
          else result.then(() => (html.value = kit.markdown.get(text) ?? ''));
        }
        return h(props.tag, { class: 'markdown', innerHTML: html.value });
      };
    },
  };

  kit.components.pagebreak = () => h('div', { class: 'pagebreak' });

  let lastId = 0;
  const ensureId = element => {
    if (element.id === '') element.id = `s${++lastId}`;
    return element.id;
  };

  const collected = (selector, describe) => ({
    setup(_props, { slots }) {
      const items = shallowRef([]);
      const collect = () =>
        [...document.querySelectorAll(selector)].map(element => {
          const id = ensureId(element);
          return { id, href: `#${id}`, ...describe(element) };
        });
      onMounted(() => {
        const settle = async () => {
          await arrived();
          items.value = collect();
          await nextTick();
        };
        kit.tasks.add(settle());
      });
      return () => {
        const list = items.value;
        if (slots.default) return slots.default(Object.assign([...list], { items: list }));
        return h(
          'ol',
          { class: 'toc' },
          list.map(item =>
            h('li', { class: `toc-level-${item.level ?? 1}` }, [
              h('a', { href: item.href }, [
                h('span', { class: 'toc-title' }, item.title),
                h('span', { class: 'toc-leader', 'aria-hidden': 'true' }),
                h('span', { class: 'toc-page', 'data-page-of': item.id }),
              ]),
            ]),
          ),
        );
      };
    },
  });

  const attributes = element =>
    Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value]));
  kit.components['table-of-contents'] = collected('.in-toc', element => ({
    title: element.dataset.tocTitle ?? element.textContent.trim(),
    level: Number(/^H([1-6])$/.exec(element.tagName)?.[1] ?? 1),
    attrs: attributes(element),
  }));
  kit.components.toc = kit.components['table-of-contents'];
  kit.components['list-of-figures'] = collected('figcaption', element => ({
    title: element.dataset.lofTitle ?? element.textContent.trim(),
  }));
  kit.components['list-of-tables'] = collected('table > caption', element => ({
    title: element.dataset.lotTitle ?? element.textContent.trim(),
  }));

  /** The page on which the element with that id lies. */
  kit.components['page-of'] = {
    props: { to: { required: true } },
    setup: props => () => {
      const id = String(props.to).replace(/^#/, '');
      return h('a', { class: 'page-of', href: `#${id}`, 'data-page-of': id });
    },
  };

  /** What a reference to an element is called: its caption, its heading, or what it says. */
  const titleOf = target => {
    const inner = target.querySelector('figcaption, caption, h1, h2, h3, h4, h5, h6');
    return (target.dataset.tocTitle ?? (inner ?? target).textContent).trim().slice(0, 300);
  };
  /** Classes by which a style sheet tells what a reference points to, as designs of archives do. */
  const kindsOf = target => {
    if (target.matches('figcaption') || target.querySelector('figcaption')) return ['ref-figure'];
    if (target.matches('table, caption') || target.querySelector('caption')) return ['ref-table'];
    const heading = target.matches('h1, h2, h3, h4, h5, h6')
      ? target
      : target.querySelector('h1, h2, h3, h4, h5, h6');
    if (!heading) return [];
    const level = `level${heading.localName[1]}`;
    return heading.closest('.appendix') ? [`ref-appendix-${level}`] : ['ref-heading', `ref-heading-${level}`];
  };
  const reportBroken = (id, place) =>
    kit.note(
      'warning',
      'reference-broken',
      `${place ? `${place.path}, line ${place.line}: the` : 'The'} reference to "${id}" has no target: correct the name, or give an element this id.`,
      place ?? undefined,
    );

  /** References in texts are called after what they point to, which may stand in another text. */
  kit.fillReferences = async () => {
    const broken = new Set();
    for (const link of document.querySelectorAll('#report a[data-ref]')) {
      const id = link.dataset.ref;
      const target = document.getElementById(id);
      if (link.textContent.trim() === '') link.textContent = target ? titleOf(target) : id;
      if (target) link.classList.add(...kindsOf(target));
      if (target || broken.has(id) || broken.size === 50) continue;
      broken.add(id);
      reportBroken(id, await kit.ask('place', `#${id}`));
    }
  };

  kit.components.ref = {
    props: { to: { required: true } },
    setup(props, { slots }) {
      const title = ref('');
      const kinds = shallowRef([]);
      onMounted(() => {
        const find = async () => {
          await arrived();
          const id = String(props.to).replace(/^#/, '');
          const target = document.getElementById(id);
          if (!target) return reportBroken(id);
          title.value = titleOf(target);
          kinds.value = kindsOf(target);
        };
        kit.tasks.add(find());
      });
      return () =>
        h(
          'a',
          { class: ['ref', ...kinds.value], href: `#${String(props.to).replace(/^#/, '')}` },
          slots.default ? slots.default() : title.value,
        );
    },
  };

  kit.components['comma-and-join'] = {
    props: { comma: { default: ', ' }, and: { default: ' and ' } },
    setup:
      (props, { slots }) =>
      () => {
        const parts = Object.values(slots).map(slot => slot());
        return parts.flatMap((part, index) => [
          index === 0 ? '' : index === parts.length - 1 ? props.and : props.comma,
          part,
        ]);
      },
  };

  // What makes a finding worse than the other values of the same metric.
  const WORST = { AV: 'N', AC: 'L', AT: 'N', PR: 'N', UI: 'N', S: 'C', Au: 'N' };
  const IMPACTS = new Set(['C', 'I', 'A', 'VC', 'VI', 'VA', 'SC', 'SI', 'SA']);

  /** The base metrics of a CVSS vector of any version, in its order, for a table of them: `{ metric, label, isWorst }`. */
  kit.components['cvss-vector'] = {
    props: { vector: { default: '' } },
    setup:
      (props, { slots }) =>
      () => {
        const metrics = String(props.vector ?? '')
          .split('/')
          .map(part => part.split(':'))
          .filter(
            ([metric, value]) => (metric in WORST || IMPACTS.has(metric)) && /^[A-Z]$/.test(value ?? ''),
          )
          .map(([metric, value]) => ({
            metric,
            label: `${IMPACTS.has(metric) ? 'impact' : metric}.${value}`,
            isWorst: WORST[metric] === value || (IMPACTS.has(metric) && (value === 'H' || value === 'C')),
          }));
        return slots.default?.({ metrics });
      },
  };

  const LONG_WORD = /\S{25,}/;
  const breakable = word => {
    const span = document.createElement('span');
    span.className = 'breakable';
    for (const [index, part] of word.split(/(?<=[./:?&=_@-])/).entries())
      span.append(...(index === 0 ? [part] : [document.createElement('wbr'), part]));
    return span;
  };

  /** Versions, states and dates stay in one line where all columns together can afford it. */
  const keepShort = () => {
    for (const table of document.querySelectorAll('#report .markdown table')) {
      const columns = table.rows[0]?.cells.length ?? 0;
      if (columns > 6) continue;
      const most = columns > 4 ? 12 : 18;
      for (const cell of table.querySelectorAll('td')) {
        const text = cell.textContent.trim();
        if (text.length > 0 && text.length <= most && /^[\u0020-\u024f–—…]+$/.test(text))
          cell.classList.add('short');
      }
    }
  };

  /** Columns are as wide as their longest word asks for: in cells, only words that no column could hold may break anywhere. */
  kit.breakLongWords = () => {
    keepShort();
    for (const cell of document.querySelectorAll('#report :is(td, th)')) {
      if (!LONG_WORD.test(cell.textContent)) continue;
      const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
      const found = [];
      while (texts.nextNode())
        if (
          LONG_WORD.test(texts.currentNode.data) &&
          !texts.currentNode.parentElement.closest('.breakable, svg, math')
        )
          found.push(texts.currentNode);
      for (const text of found)
        text.replaceWith(
          ...text.data.split(/(\S{25,})/).map(part => (LONG_WORD.test(part) ? breakable(part) : part)),
        );
    }
  };

  /** Text of a host, URL or hash: may break anywhere, but rather after a separator. */
  kit.components.breakable = {
    props: { text: { default: '' } },
    setup: props => () =>
      h(
        'span',
        { class: 'breakable' },
        String(props.text ?? '').length <= 24
          ? String(props.text ?? '')
          : String(props.text)
              .split(/(?<=[./:?&=_@-])/)
              .flatMap((part, index) => (index === 0 ? [part] : [h('wbr'), part])),
      ),
  };
})();
