// The components that a template may use; see the README for their attributes.
(() => {
  const { h, ref, shallowRef, onMounted, nextTick } = Vue;
  const kit = globalThis.reportKit;

  const slotText = slots =>
    (slots.default?.() ?? []).map(node => (typeof node.children === 'string' ? node.children : '')).join('');

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
    waiting.done ??= askAll();
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
        // Texts may still be on their way: wait for what else is under way, then read the headings.
        const settle = async () => {
          for (let round = 0; round < 3; round++) await nextTick();
          const others = [...kit.tasks].filter(task => task !== done);
          await Promise.all(others);
          await nextTick();
          items.value = collect();
          await nextTick();
        };
        const done = settle();
        kit.tasks.add(done);
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

  kit.components.ref = {
    props: { to: { required: true } },
    setup(props, { slots }) {
      const title = ref('');
      onMounted(() => {
        const find = async () => {
          for (let round = 0; round < 3; round++) await nextTick();
          const id = String(props.to).replace(/^#/, '');
          const target = document.getElementById(id);
          if (target) {
            title.value =
              target.dataset.tocTitle ??
              target.querySelector('figcaption, caption')?.textContent ??
              target.textContent;
            return;
          }
          kit.note(
            'warning',
            'reference-broken',
            `The reference to "${id}" has no target: correct the name, or give an element this id.`,
          );
        };
        kit.tasks.add(find());
      });
      return () =>
        h(
          'a',
          { class: 'ref', href: `#${String(props.to).replace(/^#/, '')}` },
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
