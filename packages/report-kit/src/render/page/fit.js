// Says what cannot be divided at the end of a page, though it is higher than one: Chromium cuts it.
(() => {
  const kit = globalThis.reportKit;
  const reported = new WeakSet();
  const MAX_MESSAGES = 5;

  /** The highest room that any kind of page has, in pixels. */
  const pageHeight = () => {
    const { rules, defaultSize } = kit.paged;
    const heights = [{ size: defaultSize }, ...rules].map(({ size, margin }) => {
      const [top = 0, , bottom = 0] = margin ?? [];
      return (size ?? defaultSize).height - top - bottom;
    });
    return Math.max(...heights);
  };

  const words = element => element.textContent.replace(/\s+/g, ' ').trim().slice(0, 60);

  /** The box that forbids a break within an element: itself or one around it. */
  function keeper(element) {
    for (let box = element; box && box.id !== 'report'; box = box.parentElement)
      if (/avoid/.test(getComputedStyle(box).breakInside)) return box;
    return null;
  }

  function say(table, what, advice) {
    if (reported.has(table)) return;
    reported.add(table);
    const place = table.closest('[id]:not(#report)')?.id;
    kit.note(
      'warning',
      'table-cannot-break',
      `The table “${words(table.caption ?? table.rows[0] ?? table)}”${place ? `, near #${place},` : ''} cannot go over several pages: ${what}. ${advice}`,
      place ? { path: `#${place}` } : undefined,
    );
  }

  /** Longer tables, and rows, may be higher than a page. */
  const LONG = { rows: 12, text: 800, elements: 40 };

  /** Whether there is a table that has to be measured. */
  kit.hasLongTable = () =>
    [...document.querySelectorAll('#report table')].some(table => {
      const isLong = table.rows.length > LONG.rows || table.textContent.length > LONG.text;
      if (table.querySelector('td img') !== null || (isLong && keeper(table) !== null)) return true;
      return [...table.rows].some(
        row => row.textContent.length > LONG.text || row.getElementsByTagName('*').length > LONG.elements,
      );
    });

  kit.findUnbreakable = () => {
    const room = pageHeight();
    let found = 0;
    for (const table of document.querySelectorAll('#report table')) {
      if (table.offsetHeight <= room) continue;
      if (++found > MAX_MESSAGES) return;
      const box = keeper(table);
      const tall = box ? null : [...table.rows].find(row => row.offsetHeight > room);
      if (box) {
        const name =
          box === table
            ? 'it'
            : `<${box.localName}${box.className ? ` class="${box.className}"` : ''}> around it`;
        say(table, `${name} has break-inside: avoid`, 'Take that away, or give it to the rows.');
      } else if (tall)
        say(
          table,
          `its row “${words(tall)}” is ${tall.offsetHeight} px high, and a page has ${Math.floor(room)}`,
          'Divide the text of that row.',
        );
      else found -= 1;
    }
  };
})();
