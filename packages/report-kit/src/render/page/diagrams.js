// Diagrams in Mermaid's language, drawn as vectors with real text. The library is several megabytes: only a page that
// holds a diagram loads it, from this package's own dependencies.
(() => {
  const { h } = Vue;
  const kit = globalThis.reportKit;
  const MAX_CHARACTERS = 20_000;
  const MAX_DIAGRAMS = 300;
  const MAX_SIDE = 4_000;
  /** Of all diagrams together, looked at between two of them; Node ends a single one that takes too long. */
  const MAX_DRAWING_MS = 45_000;

  const slotText = slots =>
    (slots.default?.() ?? []).map(node => (typeof node.children === 'string' ? node.children : '')).join('');

  kit.components['mermaid-diagram'] = {
    props: { text: { default: null } },
    setup:
      (props, { slots }) =>
      () =>
        h('pre', { class: 'mermaid' }, String(props.text ?? slotText(slots)).replace(/^\s*\n|\s+$/g, '')),
  };

  const THEME = {
    fontFamily: 'Inter, sans-serif',
    fontSize: '13px',
    background: '#ffffff',
    primaryColor: '#eef3f8',
    primaryBorderColor: '#8a9bb0',
    primaryTextColor: '#17212f',
    secondaryColor: '#f7f3ea',
    secondaryBorderColor: '#b7a57c',
    tertiaryColor: '#f5f7fa',
    tertiaryBorderColor: '#c3ccd7',
    lineColor: '#53627a',
    textColor: '#17212f',
    noteBkgColor: '#fdf8e7',
    noteBorderColor: '#cdb977',
    edgeLabelBackground: '#ffffff',
    useGradient: false,
    dropShadow: 'none',
    pieTitleTextSize: '15px',
    pieSectionTextSize: '13px',
    pieSectionTextColor: '#ffffff',
    pieLegendTextSize: '13px',
    pieStrokeColor: '#ffffff',
    pieStrokeWidth: '1px',
    pieOuterStrokeWidth: '0px',
    pieOpacity: '1',
    ...Object.fromEntries(
      ['#2f5d8a', '#b45f1d', '#4d7c4a', '#8a4f7d', '#5f6b7a', '#a8892c', '#2f8a86', '#a33b3b'].map(
        (color, index) => [`pie${index + 1}`, color],
      ),
    ),
  };

  let loading = null;
  const load = () => {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = '/mermaid.js';
      script.addEventListener('load', resolve);
      script.addEventListener('error', () =>
        reject(new Error('the library that draws diagrams could not be loaded')),
      );
      document.head.append(script);
    }).then(() => {
      const labels = { htmlLabels: false, useMaxWidth: true };
      globalThis.mermaid.initialize({
        startOnLoad: false,
        securityLevel: 'strict',
        suppressErrorRendering: true,
        deterministicIds: true,
        deterministicIDSeed: 'report',
        maxTextSize: MAX_CHARACTERS,
        maxEdges: 400,
        logLevel: 'fatal',
        theme: 'base',
        look: 'classic',
        themeVariables: THEME,
        fontFamily: THEME.fontFamily,
        htmlLabels: false,
        flowchart: labels,
        class: labels,
        state: labels,
        // What a diagram's own directives may not change.
        secure: [
          'secure',
          'securityLevel',
          'startOnLoad',
          'maxTextSize',
          'maxEdges',
          'suppressErrorRendering',
          'htmlLabels',
          'flowchart',
          'class',
          'state',
          'themeCSS',
          'dompurifyConfig',
        ],
      });
    });
    return loading;
  };

  const withoutAddresses = css =>
    css.replaceAll(/@import[^;}]*[;}]?/gi, '').replaceAll(/url\(\s*["']?(?!["']?#)[^)]*\)/gi, 'none');

  /** Takes out all that is not a drawing: what a diagram says must neither run nor load. */
  function clean(svg) {
    for (const element of svg.querySelectorAll(
      'script, foreignObject, iframe, object, embed, image, set, animate',
    ))
      element.remove();
    for (const style of svg.querySelectorAll('style'))
      style.textContent = withoutAddresses(style.textContent);
    for (const element of [svg, ...svg.querySelectorAll('*')])
      for (const { name, value } of Array.from(element.attributes)) {
        const isLink = /(^|:)href$/i.test(name) && !value.startsWith('#');
        if (/^on/i.test(name) || isLink) element.removeAttribute(name);
        else if (/url\(/i.test(value)) element.setAttribute(name, withoutAddresses(value));
      }
  }

  /** Labels of states start at the left edge of a box that is wider than they are. */
  function centreLabels(svg) {
    for (const label of svg.querySelectorAll('.statediagram-state > .label')) {
      const { x, width } = label.getBBox();
      const y = /translate\([^,]*,\s*([-\d.]+)/.exec(label.getAttribute('transform') ?? '')?.[1] ?? '0';
      label.setAttribute('transform', `translate(${(-x - width / 2).toFixed(2)}, ${y})`);
    }
  }

  let drawn = 0;
  let spentMs = 0;

  /** One diagram as an SVG element with its size in pixels as `data-width` and `data-height`; throws what is wrong with it. */
  kit.diagramOf = async source => {
    if (source.length > MAX_CHARACTERS)
      throw new Error(`it is longer than ${MAX_CHARACTERS} characters: divide it`);
    if (++drawn > MAX_DIAGRAMS) throw new Error(`a document may hold ${MAX_DIAGRAMS} diagrams`);
    if (spentMs > MAX_DRAWING_MS)
      throw new Error('all diagrams together take too long: use fewer or smaller ones');
    const from = performance.now();
    const stage = document.createElement('div');
    stage.className = 'rk-stage';
    document.body.append(stage);
    try {
      await load();
      await document.fonts.load('13px Inter', source.slice(0, 2_000));
      const { svg: markup } = await globalThis.mermaid.render(`rk-diagram-${drawn}`, source, stage);
      const holder = document.createElement('template');
      holder.innerHTML = markup;
      const svg = holder.content.querySelector('svg');
      if (!svg) throw new Error('nothing was drawn');
      clean(svg);
      stage.replaceChildren(svg);
      centreLabels(svg);
      const [, , width = 0, height = 0] = (svg.getAttribute('viewBox') ?? '').split(/[\s,]+/).map(Number);
      const label =
        svg.querySelector('title')?.textContent ||
        [...svg.querySelectorAll('text')]
          .map(text => text.textContent.trim())
          .filter(text => text !== '')
          .join(', ');
      svg.setAttribute('role', 'img');
      svg.setAttribute('aria-label', label.slice(0, 500));
      svg.removeAttribute('aria-roledescription');
      svg.dataset.width = String(Math.ceil(width));
      svg.dataset.height = String(Math.ceil(height));
      return svg;
    } finally {
      stage.remove();
      spentMs += performance.now() - from;
    }
  };

  /** Browsers give a drawing without a size 300 × 150 pixels. */
  function sizeOf(svg) {
    const box = (svg.getAttribute('viewBox') ?? '').split(/[\s,]+/).map(Number);
    const side = (name, index) => {
      const own = Number.parseFloat(svg.getAttribute(name) ?? '');
      const isPart = (svg.getAttribute(name) ?? '').endsWith('%');
      return own > 0 && !isPart ? own : (box[index] ?? 0);
    };
    const width = side('width', 2) || 300;
    const height = side('height', 3) || 150;
    const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
    return { width: Math.max(1, Math.ceil(width * scale)), height: Math.max(1, Math.ceil(height * scale)) };
  }

  function parsedSvg(source) {
    const parsed = new DOMParser().parseFromString(source, 'image/svg+xml');
    const root = parsed.documentElement;
    if (root.localName !== 'svg' || parsed.querySelector('parsererror'))
      throw new Error('it is no SVG that can be read');
    clean(root);
    return root;
  }

  /** Shows one drawing at the page's corner, for Node to take a picture of, and returns it as a file of its own. */
  kit.drawPicture = async ({ kind, source }) => {
    const report = document.getElementById('report');
    report.replaceChildren();
    try {
      const svg = kind === 'diagram' ? await kit.diagramOf(source) : parsedSvg(source);
      const { width, height } = sizeOf(svg);
      for (const [name, value] of Object.entries({ width, height })) svg.setAttribute(name, String(value));
      svg.style.removeProperty('max-width');
      if (!svg.hasAttribute('viewBox')) svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
      const markup = new XMLSerializer().serializeToString(svg);
      const box = document.createElement('div');
      box.style.cssText = `position: absolute; left: 0; top: 0; width: ${width}px; height: ${height}px; background: #fff`;
      if (kind === 'diagram') box.append(svg);
      else {
        const image = new Image(width, height);
        image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(markup)}`;
        box.append(image);
        await image.decode();
      }
      report.append(box);
      await document.fonts.ready;
      return { svg: markup, width, height };
    } catch (error) {
      return { fault: reason(error) };
    }
  };

  const reason = error => {
    const lines = String(error?.message ?? error)
      .split('\n')
      .map(line => line.trim())
      .filter(line => line !== '' && !/^-*\^$/.test(line));
    return lines.slice(0, 2).join(' ').slice(0, 200).replace(/[.:]$/, '');
  };

  let waiting = [];

  /** Has Node ask for each diagram of the document: drawing is synchronous, so only Node can end one that takes too long. */
  kit.drawDiagrams = async () => {
    waiting = [...document.querySelectorAll('pre.mermaid')];
    if (waiting.length > 0) await kit.ask('diagrams', waiting.length);
  };

  /** The source of a diagram that cannot be drawn stays, with a message. */
  async function keepSource(pre, fault) {
    const source = pre.textContent;
    pre.classList.add('diagram-broken');
    const place = await kit.ask('place', source.trim().slice(0, 20_000));
    const at = place ? `${place.path}, line ${place.line}: a` : 'A';
    const name = source.replace(/\s+/g, ' ').trim().slice(0, 40);
    kit.note(
      'warning',
      'diagram-broken',
      `${at} diagram (“${name}”) cannot be drawn, and its source is shown instead: ${fault}.`,
      place ?? undefined,
    );
  }

  /** Replaces the source of one diagram by its picture. */
  kit.drawDiagram = async index => {
    const pre = waiting[index];
    try {
      const svg = await kit.diagramOf(pre.textContent);
      const caption = pre.closest('figure')?.querySelector('figcaption')?.textContent.trim();
      if (caption) svg.setAttribute('aria-label', caption);
      const box = document.createElement('div');
      for (const { name, value } of pre.attributes) if (name !== 'class') box.setAttribute(name, value);
      box.className = `diagram-box ${pre.className.replace(/\bmermaid\b/, '')}`.trim();
      box.append(svg);
      pre.replaceWith(box);
    } catch (error) {
      await keepSource(pre, reason(error));
    }
  };

  /** After Node has ended the drawing of a diagram: the library would wait for it for ever, so it is loaded anew. */
  kit.forgetDiagram = async ({ index, limitMs }) => {
    for (const stage of document.querySelectorAll('.rk-stage')) stage.remove();
    for (const script of document.querySelectorAll('script[src="/mermaid.js"]')) script.remove();
    loading = null;
    spentMs += limitMs;
    const pre = waiting[index];
    if (pre) await keepSource(pre, `it takes longer than ${limitMs / 1000} s: divide it, or make it smaller`);
  };
})();
