// Runs inside the job's page, after Vue's runtime build. One global, `reportKit`, is what Node calls.
(() => {
  const { createApp, nextTick, shallowReactive, h, resolveComponent } = Vue;
  const kit = (globalThis.reportKit = {
    components: {},
    messages: [],
    tasks: new Set(),
    markdown: new Map(),
  });

  /** A value that Node has encoded; see `PageSession.call`. */
  kit.decoded = text =>
    JSON.parse(
      new TextDecoder().decode(
        Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), character => character.charCodeAt(0)),
      ),
    );

  /** A value for another page, as text that passes through Node without being escaped on its way. */
  kit.encoded = value => {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    if (bytes.toBase64) return bytes.toBase64();
    let text = '';
    for (let from = 0; from < bytes.length; from += 8_192)
      text += String.fromCharCode(...bytes.subarray(from, from + 8_192));
    return btoa(text);
  };

  kit.note = (level, code, text, location) => {
    if (kit.messages.length < 500)
      kit.messages.push({ level, code, text, ...(location ? { location } : {}) });
  };

  // Questions to Node, answered through the debugging pipe.
  const questions = new Map();
  let lastQuestion = 0;
  kit.ask = (kind, value) =>
    new Promise(resolve => {
      const id = ++lastQuestion;
      questions.set(id, resolve);
      globalThis.reportKitAsk(JSON.stringify({ id, kind, value }));
    });
  kit.answered = ({ id, answer }) => {
    questions.get(id)?.(answer);
    questions.delete(id);
  };

  // CSP violations are what a template tried and may not do; Node adds the requests it refused.
  document.addEventListener('securitypolicyviolation', event => {
    if (event.blockedURI === 'eval') return;
    kit.note(
      'warning',
      'request-blocked',
      `A request to ${event.blockedURI} was refused (${event.effectiveDirective}): a report can only use its own assets. Add the file to the design's assets and refer to it as assets/NAME.`,
      { url: event.blockedURI },
    );
  });
  globalThis.addEventListener('error', event => {
    if (event.target === globalThis && event.message) kit.note('error', 'script-failed', event.message);
  });

  const severities = ['critical', 'high', 'medium', 'low', 'info'];
  const severityOf = finding => {
    const own = finding.severity;
    const value = own && typeof own === 'object' ? own.value : own;
    return value || finding.cvss?.level || 'info';
  };

  /** Groups and totals that every design wants, from whatever list of findings the data has. */
  function derive(data) {
    const findings = data.findings ?? data.finding_groups?.flatMap(group => group.findings) ?? [];
    const derived = { findings, finding_stats: { count_total: findings.length } };
    for (const severity of severities) {
      const chosen = findings.filter(finding => severityOf(finding) === severity);
      derived[`findings_${severity}`] = chosen;
      derived.finding_stats[`count_${severity}`] = chosen.length;
    }
    derived.finding_groups = data.finding_groups ?? [{ label: '', findings }];
    return derived;
  }

  function formatter(language) {
    const styles = {
      full: { dateStyle: 'full' },
      long: { dateStyle: 'long' },
      medium: { dateStyle: 'medium' },
      short: { dateStyle: 'short' },
    };
    const asDate = value => (value instanceof Date ? value : new Date(value));
    return {
      formatDate(value, format = 'long', locale = language) {
        if (value === null || value === undefined || value === '') return '';
        const date = asDate(value);
        if (Number.isNaN(date.getTime())) return String(value);
        if (format === 'iso') return date.toISOString().slice(0, 10);
        const options = typeof format === 'string' ? (styles[format] ?? styles.long) : format;
        return new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options }).format(date);
      },
      /** Two days as a range, what they share written once; either may be missing. */
      formatDates(from, to, format = 'long', locale = language) {
        const days = [from, to].filter(value => value !== null && value !== undefined && value !== '');
        const [first, last] = days.map(asDate);
        if (days.length < 2 || Number.isNaN(first.getTime()) || Number.isNaN(last.getTime()) || first > last)
          return days.map(value => this.formatDate(value, format, locale)).join(' – ');
        return new Intl.DateTimeFormat(locale, {
          timeZone: 'UTC',
          ...(styles[format] ?? styles.long),
        }).formatRange(first, last);
      },
      formatTime: (value, locale = language) =>
        new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }).format(
          asDate(value),
        ),
      formatNumber: (value, options) => new Intl.NumberFormat(language, options).format(value),
      formatDuration(from, to) {
        const minutes = Math.max(0, Math.round((asDate(to) - asDate(from)) / 60_000));
        const parts = { hours: Math.floor(minutes / 60), minutes: minutes % 60 };
        return new Intl.DurationFormat(language, { style: 'long' }).format(parts.hours ? parts : { minutes });
      },
      capitalize: text => (text ? String(text)[0].toUpperCase() + String(text).slice(1) : ''),
      joined: (items, type = 'conjunction') =>
        new Intl.ListFormat(language, { type }).format(items.map(String)),
      cssvar: name => getComputedStyle(document.documentElement).getPropertyValue(name).trim(),
    };
  }

  /** How often each value of `key` occurs, most frequent first, as chart items. */
  function tally(list, key) {
    const counts = new Map();
    for (const item of list) {
      const label = key(item);
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    return [...counts].map(([label, value]) => ({ label, value })).sort((a, b) => b.value - a.value);
  }

  /** `t(key, values)` is a label with its `{name}` filled in; `tn(key, count)` takes `key.one`, `key.other` … by the language's rules. */
  function translator(labels, language) {
    const rules = new Intl.PluralRules(language);
    const number = new Intl.NumberFormat(language);
    const t = (key, values = {}) => {
      let text = labels[key];
      if (text === undefined) {
        kit.note(
          'warning',
          'label-missing',
          `There is no label "${key}" in this language: add it to the design's labels.`,
        );
        return key;
      }
      for (const [name, value] of Object.entries(values)) text = text.replaceAll(`{${name}}`, String(value));
      return text;
    };
    const tn = (key, count) => {
      const form = `${key}.${rules.select(count)}`;
      return t(form in labels ? form : `${key}.other`, { n: number.format(count) });
    };
    return { t, tn };
  }

  const isPlain = value => value !== null && typeof value === 'object' && !(value instanceof Node);

  /** Reports each name that a template reads and the data does not have, with its path, once. */
  function guarded(value, path, seen) {
    if (!isPlain(value)) return value;
    const known = seen.cache.get(value);
    if (known) return known;
    const proxy = new Proxy(value, {
      get(target, key, receiver) {
        if (typeof key === 'symbol' || key.startsWith('__v_')) return Reflect.get(target, key, receiver);
        const isList = Array.isArray(target);
        if (!(key in target)) {
          if (!isList && !['toJSON', 'then', 'constructor'].includes(key)) seen.miss(`${path}.${key}`);
          return undefined;
        }
        const found = Reflect.get(target, key, receiver);
        if (typeof found === 'function') return found;
        return guarded(found, isList ? `${path}[${key}]` : `${path}.${key}`, seen);
      },
    });
    seen.cache.set(value, proxy);
    Vue.markRaw(value);
    return proxy;
  }

  function watchReads(data) {
    const missed = new Set();
    const miss = path => {
      kit.lastMissed = path;
      const general = path.replace(/\[\d+\]/g, '[]');
      if (missed.has(general)) return;
      missed.add(general);
      kit.note(
        'warning',
        'variable-unknown',
        `The template reads ${path}, which the data does not have: correct the name, or give the field a value.`,
        { path },
      );
    };
    const seen = { cache: new WeakMap(), miss };
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, guarded(value, key, seen)]));
  }

  /** Adds the design's partials as components; their `props` come from the attributes, everything else from the root. */
  function registerPartials(app, partials, scope) {
    for (const { name, props, code } of partials) {
      app.component(name, {
        props,
        inheritAttrs: false,
        setup: () => scope,
        render: new Function('Vue', code)(Vue),
      });
    }
  }

  async function settle() {
    for (let round = 0; round < 200; round++) {
      await nextTick();
      const tasks = [...kit.tasks];
      kit.tasks.clear();
      if (tasks.length === 0 && round > 1) return;
      await Promise.all(tasks);
    }
    kit.note(
      'warning',
      'not-settled',
      'The template kept changing after 200 rounds: something in it changes at each rendering.',
    );
  }

  const readPictures = new WeakSet();
  kit.pictures = async () => {
    const unread = [...document.images].filter(
      image => !readPictures.has(image) && kit.isShown(image) && !image.classList.contains('image-missing'),
    );
    await Promise.all(
      unread.map(async image => {
        readPictures.add(image);
        await image.decode().catch(() => {
          const source = image.getAttribute('src') ?? '';
          // A picture from elsewhere has been reported as a refused request already.
          if (/^https?:/.test(image.src) && !image.src.startsWith(location.origin)) return;
          kit.note(
            'warning',
            'image-missing',
            `The picture ${source.slice(0, 200)} is missing or cannot be read: add it to the assets, or correct its name.`,
            { url: source.slice(0, 500) },
          );
          image.classList.add('image-missing');
        });
      }),
    );
  };

  const reported = new WeakSet();
  /** Names what is wider than the page: Chromium would shrink the whole document to make it fit. */
  kit.findOverflow = () => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width + 1) return;
    const named = kit.paged.named.map(({ selector }) => selector).join(', ');
    let found = 0;
    for (const element of document.querySelectorAll(
      '#report :is(p, pre, table, img, svg, h1, h2, h3, h4, li, dd, figure)',
    )) {
      const rect = element.getBoundingClientRect();
      const right = Math.max(rect.right, rect.left + (element.scrollWidth ?? 0));
      if (right <= width + 1 || reported.has(element) || (named !== '' && element.closest(named))) continue;
      reported.add(element);
      const text = element.textContent.replace(/\s+/g, ' ').trim().slice(0, 60);
      const place = element.closest('[id]:not(#report)')?.id;
      kit.note(
        'warning',
        'content-too-wide',
        `<${element.localName}> “${text}” is ${Math.round(right - width)} px wider than the page${place ? `, near #${place}` : ''}: let it break (overflow-wrap: anywhere) or make it narrower.`,
        place ? { path: `#${place}` } : undefined,
      );
      if (++found === 5) return;
    }
  };

  /** Lets go of what Vue knows of the document, which is several times the document itself: from here on it is only printed. */
  function forget(app, root) {
    Object.assign(root, { _vnode: null, __vue_app__: null });
    Object.assign(app, { _instance: null, _container: null });
    kit.markdown.clear();
  }

  /** Renders the template into the page and waits for everything in it; returns what Node needs to go on. */
  kit.render = async job => {
    document.documentElement.lang = job.language;
    document.title = job.title;
    const style = document.getElementById('design-style');
    style.textContent = job.paged.css;
    document.getElementById('page-style').textContent = job.paged.pageCss;
    kit.paged = job.paged;
    const derived = derive(job.data);
    const report = isPlain(job.data.report) ? { findings: derived.findings, ...job.data.report } : undefined;
    const data = watchReads({ ...derived, ...job.data, ...(report ? { report } : {}) });
    const scope = shallowReactive({
      ...data,
      data,
      ...formatter(job.language),
      ...translator(job.labels, job.language),
      language: job.language,
      severities,
      severityOf,
      worstOf: list =>
        severities.find(level => list.some(item => (item.level ?? severityOf(item)) === level)) ?? 'info',
      assetUrl: name => `assets/${encodeURIComponent(name)}`,
      tally,
      lodash: kit.lodash,
      // Names that imported designs use: what they hand to Chart.js is not needed, and `computed` is Vue's own.
      chartjsPlugins: { DataLabels: {} },
      computed: Vue.computed,
      Math,
      window: globalThis,
      document,
    });
    for (const { name, file, line } of job.names) {
      if (name in scope) continue;
      const text = `${file}, line ${line}: "${name}" is not in the data: correct the name, or add the field.`;
      kit.note('warning', 'variable-unknown', text, { file, line });
    }
    const app = createApp({ setup: () => scope, render: new Function('Vue', job.code)(Vue) });
    app.config.errorHandler = (error, _instance, info) =>
      kit.note(
        'error',
        'template-failed',
        `The template failed${/^https?:/.test(info) ? '' : ` (${info})`}: ${error.message}${
          kit.lastMissed ? `, after it read ${kit.lastMissed}, which the data does not have` : ''
        }. Ask for what may be missing with v-if or ?. there.`,
        kit.lastMissed ? { path: kit.lastMissed } : undefined,
      );
    for (const [name, component] of Object.entries(kit.components)) app.component(name, component);
    registerPartials(app, job.partials, scope);
    const root = document.getElementById('report');
    const isPrinted = job.isPaged && !job.isScreen;
    if (!isPrinted) kit.freshFonts();
    app.mount(root);
    await settle();
    await kit.fillReferences();
    await kit.drawDiagrams();
    kit.breakLongWords();
    if (job.isPaged) {
      kit.takeRunning();
      kit.footnoteCount = kit.takeFootnotes();
      if (job.isScreen) kit.endNotes();
    }
    if (isPrinted) {
      kit.prepareTags();
      forget(app, root);
      kit.setTargets();
      kit.planParts(job.partElements, job.printers);
    } else {
      void document.body.offsetHeight;
      await Promise.all([document.fonts.ready, kit.pictures()]);
      if (job.isPaged) kit.setTargets();
      if (job.isPaged) kit.setLeaders();
    }
    return kit.summary();
  };

  /** Margin boxes that count all pages are laid over once their number is known: a part knows its own pages only. */
  kit.usePartRules = isFree => {
    const { rules, pageCss } = isFree ? kit.paged.free : kit.paged.parts;
    kit.paged = { ...kit.paged, rules };
    document.getElementById('page-style').textContent = pageCss;
  };

  kit.summary = () => ({
    messages: kit.messages.splice(0),
    elements: document.getElementsByTagName('*').length,
    needsPositions: kit.needsPositions(),
  });

  kit.h = h;
  kit.resolveComponent = resolveComponent;
  kit.severityOf = severityOf;
})();
