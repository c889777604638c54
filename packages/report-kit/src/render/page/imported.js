// What templates of imported designs expect beside our own components: QR codes, formulas, charts described for Chart.js, and
// the helpers of lodash that designs use. Everything is drawn as vectors.
(() => {
  const { h, shallowRef } = Vue;
  const kit = globalThis.reportKit;

  /** One path of squares: `dark` is a list of rows of booleans. */
  const squares = dark =>
    dark.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');

  kit.components.qrcode = {
    props: { value: { default: '' }, options: { default: () => ({}) } },
    setup(props) {
      const rows = shallowRef([]);
      const asked = kit.ask('qrcode', String(props.value)).then(found => {
        if (found) rows.value = found;
        else
          kit.note(
            'warning',
            'qrcode-too-long',
            `A QR code cannot hold “${String(props.value).slice(0, 60)}”: shorten it to fewer than 2,000 characters.`,
          );
      });
      kit.tasks.add(asked);
      return () =>
        h(
          'svg',
          {
            class: 'qrcode',
            role: 'img',
            'aria-label': String(props.value),
            viewBox: `0 0 ${rows.value.length} ${rows.value.length}`,
            width: props.options.width ?? '30mm',
            'shape-rendering': 'crispEdges',
          },
          [h('title', String(props.value)), h('path', { d: squares(rows.value), fill: 'currentColor' })],
        );
    },
  };

  kit.components['math-latex'] = {
    props: { text: { default: null }, displayMode: { default: false } },
    setup:
      (props, { slots }) =>
      () => {
        const given =
          props.text ??
          slots
            .default?.()
            .map(node => node.children ?? '')
            .join('') ??
          '';
        const tex = String(given).trim();
        const isDisplay = props.displayMode !== false && props.displayMode !== 'false';
        return h(kit.components.markdown, {
          tag: isDisplay ? 'div' : 'span',
          text: isDisplay ? `$$\n${tex}\n$$` : `$${tex}$`,
        });
      },
  };

  const KINDS = { doughnut: 'donut', pie: 'donut', bar: 'columns', horizontalBar: 'bars' };

  /** A configuration for Chart.js as one of our own charts: its labels, its first row of numbers and their colours. */
  kit.chartOf = config => {
    const [dataset = {}] = config.data?.datasets ?? [];
    const colors = [dataset.backgroundColor ?? []].flat();
    const kind = config.type === 'bar' && config.options?.indexAxis === 'y' ? 'bars' : KINDS[config.type];
    if (kind === undefined)
      kit.note(
        'warning',
        'chart-simplified',
        `A chart of the type "${String(config.type)}" is drawn as columns: use doughnut, pie or bar.`,
      );
    const colorOf = index => (colors.length === 1 ? colors[0] : colors[index]);
    return {
      kind: kind ?? 'columns',
      items: (dataset.data ?? []).map((value, index) => ({
        label: String(config.data.labels?.[index] ?? ''),
        value: Number(value) || 0,
        color: colorOf(index) ?? 'var(--accent, #2457d6)',
      })),
    };
  };

  const BLOCKED = new Set(['__proto__', 'constructor', 'prototype']);
  const get = (value, path, fallback) => {
    const keys = Array.isArray(path)
      ? path
      : String(path)
          .split(/[.[\]]+/)
          .filter(key => key !== '');
    const found = keys.reduce(
      (inner, key) => (inner === null || inner === undefined || BLOCKED.has(key) ? undefined : inner[key]),
      value,
    );
    return found === undefined ? fallback : found;
  };
  const by = key => {
    if (typeof key === 'function') return key;
    if (key === undefined) return value => value;
    if (typeof key === 'object' && key !== null)
      return value => Object.entries(key).every(([name, wanted]) => get(value, name) === wanted);
    return value => get(value, key);
  };
  const values = list => (Array.isArray(list) ? list : Object.values(list ?? {}));
  const grouped = (list, key) => {
    const groups = {};
    for (const item of values(list)) {
      const name = String(by(key)(item));
      if (!BLOCKED.has(name)) (groups[name] ??= []).push(item);
    }
    return groups;
  };
  const compare = (a, b) => (a === b ? 0 : a === undefined || a > b ? 1 : -1);
  const orderBy = (list, keys, orders = []) => {
    const readers = [keys ?? (value => value)].flat().map(by);
    const directions = [orders].flat();
    return [...values(list)].sort((a, b) => {
      for (const [index, read] of readers.entries()) {
        const difference = compare(read(a), read(b));
        if (difference !== 0) return directions[index] === 'desc' ? -difference : difference;
      }
      return 0;
    });
  };
  const change = (object, apply) => Object.fromEntries(Object.entries(object ?? {}).map(apply));
  const uniqBy = (list, key) =>
    [
      ...new Map(
        values(list)
          .toReversed()
          .map(item => [by(key)(item), item]),
      ).values(),
    ].reverse();
  const sumBy = (list, key) => values(list).reduce((sum, item) => sum + Number(by(key)(item) ?? 0), 0);
  const extreme = (list, key, sign) =>
    values(list).reduce(
      (best, item) => (best === undefined || sign * compare(by(key)(item), by(key)(best)) > 0 ? item : best),
      undefined,
    );

  kit.lodash = {
    get,
    orderBy,
    uniqBy,
    sumBy,
    groupBy: grouped,
    sortBy: (list, keys) => orderBy(list, keys),
    countBy: (list, key) => change(grouped(list, key), ([name, items]) => [name, items.length]),
    keyBy: (list, key) => change(grouped(list, key), ([name, items]) => [name, items.at(-1)]),
    mapValues: (object, key) => change(object, ([name, value]) => [name, by(key)(value)]),
    map: (list, key) => values(list).map(by(key)),
    filter: (list, key) => values(list).filter(by(key)),
    reject: (list, key) => values(list).filter(item => !by(key)(item)),
    find: (list, key) => values(list).find(by(key)),
    some: (list, key) => values(list).some(by(key)),
    every: (list, key) => values(list).every(by(key)),
    forEach: (list, use) => {
      values(list).forEach(use);
      return list;
    },
    partition: (list, key) => [values(list).filter(by(key)), values(list).filter(item => !by(key)(item))],
    uniq: list => [...new Set(values(list))],
    compact: list => values(list).filter(Boolean),
    flatten: list => values(list).flat(),
    flatMap: (list, key) => values(list).flatMap(by(key)),
    chunk: (list, size = 1) =>
      Array.from({ length: Math.ceil(values(list).length / Math.max(1, size)) }, (_, index) =>
        values(list).slice(index * Math.max(1, size), (index + 1) * Math.max(1, size)),
      ),
    range: (from, to, step = 1) => {
      const [start, end] = to === undefined ? [0, from] : [from, to];
      const count = Math.min(100_000, Math.max(0, Math.ceil((end - start) / (step || 1))));
      return Array.from({ length: count }, (_, index) => start + index * (step || 1));
    },
    sum: list => sumBy(list),
    max: list => extreme(list, undefined, 1),
    min: list => extreme(list, undefined, -1),
    maxBy: (list, key) => extreme(list, key, 1),
    minBy: (list, key) => extreme(list, key, -1),
    take: (list, count = 1) => values(list).slice(0, count),
    first: list => values(list)[0],
    head: list => values(list)[0],
    last: list => values(list).at(-1),
    reverse: list => values(list).toReversed(),
    join: (list, separator = ',') => values(list).join(separator),
    size: value => (typeof value === 'string' ? value.length : values(value).length),
    isEmpty: value => (typeof value === 'string' ? value === '' : values(value).length === 0),
    keys: object => Object.keys(object ?? {}),
    values,
    entries: object => Object.entries(object ?? {}),
    pick: (object, names) => Object.fromEntries([names].flat().map(name => [name, object?.[name]])),
    omit: (object, names) =>
      Object.fromEntries(Object.entries(object ?? {}).filter(([name]) => ![names].flat().includes(name))),
    includes: (list, value) =>
      typeof list === 'string' ? list.includes(value) : values(list).includes(value),
    capitalize: text =>
      String(text ?? '')
        .charAt(0)
        .toUpperCase() +
      String(text ?? '')
        .slice(1)
        .toLowerCase(),
    upperFirst: text =>
      String(text ?? '')
        .charAt(0)
        .toUpperCase() + String(text ?? '').slice(1),
    toUpper: text => String(text ?? '').toUpperCase(),
    toLower: text => String(text ?? '').toLowerCase(),
    round: (value, digits = 0) => Number(Number(value).toFixed(digits)),
    cloneDeep: value => structuredClone(Vue.toRaw(value)),
  };
})();
