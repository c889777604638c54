// Charts as vectors: text stays text, and nothing is rasterised.
(() => {
  const { h } = Vue;
  const kit = globalThis.reportKit;
  const TAU = Math.PI * 2;
  const total = items => items.reduce((sum, item) => sum + item.value, 0);
  const fixed = value => Number(value.toFixed(2));
  const described = items => items.map(item => `${item.label}: ${item.value}`).join(', ');

  const frame = (width, height, items, children) =>
    h(
      'svg',
      {
        class: 'chart',
        viewBox: `0 0 ${width} ${height}`,
        role: 'img',
        'aria-label': described(items),
        width: '100%',
      },
      [h('title', described(items)), ...children],
    );

  const point = (centre, radius, turn) => [
    fixed(centre + radius * Math.sin(turn * TAU)),
    fixed(centre - radius * Math.cos(turn * TAU)),
  ];

  function ringPart(centre, outer, inner, from, to) {
    const isLarge = to - from > 0.5 ? 1 : 0;
    const [ax, ay] = point(centre, outer, from);
    const [bx, by] = point(centre, outer, to);
    const [cx, cy] = point(centre, inner, to);
    const [dx, dy] = point(centre, inner, from);
    return `M${ax} ${ay}A${outer} ${outer} 0 ${isLarge} 1 ${bx} ${by}L${cx} ${cy}A${inner} ${inner} 0 ${isLarge} 0 ${dx} ${dy}Z`;
  }

  function donut({ items, centre, caption }) {
    const sum = total(items);
    const shown = items.filter(item => item.value > 0);
    const gap = shown.length > 1 ? 0.004 : 0;
    let at = 0;
    const parts = shown.map(item => {
      const from = at;
      at += item.value / sum;
      if (shown.length === 1)
        return h('circle', { cx: 60, cy: 60, r: 44, fill: 'none', stroke: item.color, 'stroke-width': 18 });
      return h('path', {
        d: ringPart(60, 53, 35, from + gap / 2, Math.max(at - gap / 2, from + gap)),
        fill: item.color,
      });
    });
    if (sum === 0)
      parts.push(
        h('circle', {
          cx: 60,
          cy: 60,
          r: 44,
          fill: 'none',
          stroke: 'var(--line, #d9dee5)',
          'stroke-width': 18,
        }),
      );
    return frame(120, 120, items, [
      ...parts,
      h(
        'text',
        { x: 60, y: caption ? 62 : 68, class: 'chart-total', 'text-anchor': 'middle' },
        String(centre ?? sum),
      ),
      ...(caption
        ? [h('text', { x: 60, y: 76, class: 'chart-caption', 'text-anchor': 'middle' }, caption)]
        : []),
    ]);
  }

  /** Horizontal bars with the label before and the value behind; the longest bar fills the room. */
  function bars({ items, labelWidth = 90, width = 360, step = 22 }) {
    const most = Math.max(1, ...items.map(item => item.value));
    const room = width - labelWidth - 34;
    return frame(
      width,
      items.length * step,
      items,
      items.flatMap((item, index) => {
        const y = index * step;
        const length = item.value === 0 ? 0 : Math.max(2, (item.value / most) * room);
        return [
          h('text', { x: 0, y: y + step / 2 + 4, class: 'chart-label' }, item.label),
          h('rect', {
            x: labelWidth,
            y: y + step / 2 - 5,
            width: room,
            height: 10,
            rx: 2,
            class: 'chart-track',
          }),
          h('rect', {
            x: labelWidth,
            y: y + step / 2 - 5,
            width: fixed(length),
            height: 10,
            rx: 2,
            fill: item.color ?? 'var(--accent, #2457d6)',
          }),
          h(
            'text',
            { x: width, y: y + step / 2 + 4, class: 'chart-value', 'text-anchor': 'end' },
            item.text ?? String(item.value),
          ),
        ];
      }),
    );
  }

  /** One bar, divided. */
  function stacked({ items, width = 480, height = 14 }) {
    const sum = total(items);
    let x = 0;
    const shown = items.filter(item => item.value > 0);
    const room = width - Math.max(0, shown.length - 1) * 2;
    return frame(width, height, items, [
      ...(sum === 0 ? [h('rect', { x: 0, y: 0, width, height, rx: 2, class: 'chart-track' })] : []),
      ...shown.map(item => {
        const length = (item.value / sum) * room;
        const part = h('rect', { x: fixed(x), y: 0, width: fixed(length), height, fill: item.color });
        x += length + 2;
        return part;
      }),
    ]);
  }

  /** Half a ring, filled to `value` of `max`. */
  function gauge({ value, max = 100, color, caption }) {
    const share = Math.min(1, Math.max(0, value / max));
    const arc = (from, to) => {
      const [ax, ay] = point(70, 56, from);
      const [bx, by] = point(70, 56, to);
      return `M${ax} ${ay}A56 56 0 0 1 ${bx} ${by}`;
    };
    const items = [{ label: caption ?? '', value }];
    return frame(140, 84, items, [
      h('path', { d: arc(-0.25, 0.25), class: 'chart-gauge-track', fill: 'none', 'stroke-width': 14 }),
      ...(share > 0
        ? [
            h('path', {
              d: arc(-0.25, -0.25 + share / 2),
              fill: 'none',
              stroke: color ?? 'var(--accent)',
              'stroke-width': 14,
            }),
          ]
        : []),
      h('text', { x: 70, y: 68, class: 'chart-total', 'text-anchor': 'middle' }, String(value)),
      ...(caption
        ? [h('text', { x: 70, y: 82, class: 'chart-caption', 'text-anchor': 'middle' }, caption)]
        : []),
    ]);
  }

  function columns({ items, width = 420, height = 150 }) {
    const most = Math.max(1, ...items.map(item => item.value));
    const slot = width / Math.max(1, items.length);
    const bar = Math.min(44, slot * 0.6);
    return frame(width, height, items, [
      h('line', { x1: 0, x2: width, y1: height - 20, y2: height - 20, class: 'chart-axis' }),
      ...items.flatMap((item, index) => {
        const centre = slot * index + slot / 2;
        const length = (item.value / most) * (height - 42);
        return [
          h('rect', {
            x: fixed(centre - bar / 2),
            y: fixed(height - 20 - length),
            width: fixed(bar),
            height: fixed(length),
            fill: item.color ?? 'var(--accent, #2457d6)',
          }),
          h(
            'text',
            {
              x: fixed(centre),
              y: fixed(height - 26 - length),
              class: 'chart-value',
              'text-anchor': 'middle',
            },
            item.text ?? String(item.value),
          ),
          h(
            'text',
            { x: fixed(centre), y: height - 5, class: 'chart-label', 'text-anchor': 'middle' },
            item.label,
          ),
        ];
      }),
    ]);
  }

  const kinds = { donut, bars, stacked, gauge, columns };

  kit.components.chart = {
    inheritAttrs: false,
    setup:
      (_props, { attrs: given }) =>
      () => {
        const attrs = given.config ? { ...given, ...kit.chartOf(given.config) } : given;
        const draw = kinds[attrs.kind];
        if (!draw) {
          kit.note(
            'error',
            'chart-unknown',
            `There is no chart kind "${String(attrs.kind)}"; use one of ${Object.keys(kinds).join(', ')}.`,
          );
          return null;
        }
        const numeric = Object.fromEntries(
          ['width', 'height', 'step', 'max', 'value'].flatMap(name =>
            // Imported designs give centimetres of paper; ours the units of the drawing.
            attrs[name] === undefined || given.config ? [] : [[name, Number(attrs[name])]],
          ),
        );
        const labelWidth = attrs['label-width'] ?? attrs.labelWidth;
        return h('div', { class: ['chart-box', attrs.class] }, [
          draw({
            ...attrs,
            ...numeric,
            items: attrs.items ?? [],
            ...(labelWidth === undefined ? {} : { labelWidth: Number(labelWidth) }),
          }),
        ]);
      },
  };
})();
