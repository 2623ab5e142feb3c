const table = /** @type {HTMLTableElement} */ (byId('task-table'));
const tableBody = /** @type {HTMLTableSectionElement} */ (table.tBodies[0]);
const textFilter = /** @type {HTMLInputElement} */ (byId('filter-text'));
const outcomeFilter = /** @type {HTMLSelectElement} */ (byId('filter-outcome'));
const variantFilter = /** @type {HTMLSelectElement} */ (byId('filter-variant'));
const bandFilter = /** @type {HTMLSelectElement} */ (byId('filter-band'));

/** In the dataset's order; the table's own order is what is sorted. */
const rows = [...tableBody.rows];
const searchTexts = new Map(rows.map((row) => [row, (row.cells[0]?.textContent ?? '').toLowerCase()]));

/** @param {string} index the task's place in the dataset */
function rowOf(index) {
  return rows.find((row) => row.dataset.index === index);
}

/**
 * The next row that the filters leave.
 *
 * @param {HTMLTableRowElement} row
 * @param {1 | -1} step
 */
function neighbour(row, step) {
  const shown = shownRows();
  return shown[shown.indexOf(row) + step];
}

function shownRows() {
  return [...tableBody.rows].filter((row) => !row.hidden);
}

/** @param {HTMLTableRowElement} row */
function openerOf(row) {
  return /** @type {HTMLButtonElement} */ (row.querySelector('.open'));
}

/**
 * Only the current row is reached by Tab, so that the table is one stop and not hundreds.
 *
 * @param {HTMLTableRowElement} row
 * @param {{ focus: boolean }} options
 */
function makeCurrent(row, { focus }) {
  for (const opener of tableBody.querySelectorAll('.open[tabindex="0"]'))
    opener.setAttribute('tabindex', '-1');
  openerOf(row).setAttribute('tabindex', '0');
  if (!focus) return;
  openerOf(row).focus();
  row.scrollIntoView({ block: 'nearest' });
}

function filterRows() {
  const words = textFilter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const { outcomes = '', variant, band } = row.dataset;
    const text = searchTexts.get(row) ?? '';
    row.hidden = !(
      words.every((word) => text.includes(word)) &&
      (outcomeFilter.value === '' || outcomes.split(' ').includes(outcomeFilter.value)) &&
      (variantFilter.value === '' || variant === variantFilter.value) &&
      (bandFilter.value === '' || band === bandFilter.value)
    );
    if (!row.hidden) shown++;
  }
  const number = new Intl.NumberFormat('en-US');
  byId('shown-count').textContent = `${number.format(shown)} of ${number.format(rows.length)}`;
  byId('nothing-shown').hidden = shown > 0;
  const first = shownRows()[0];
  if (first !== undefined) makeCurrent(first, { focus: false });
}

/**
 * Money, times and counts begin with the largest, texts with the first. A third click gives the dataset's order back.
 *
 * @param {HTMLTableCellElement} heading
 */
function sortBy(heading) {
  const numbers = heading.classList.contains('number');
  const order = numbers ? ['none', 'descending', 'ascending'] : ['none', 'ascending', 'descending'];
  const next = order[(order.indexOf(heading.ariaSort ?? 'none') + 1) % order.length] ?? 'none';
  for (const other of table.tHead?.rows[0]?.cells ?? []) other.ariaSort = 'none';
  heading.ariaSort = next;
  const factor = next === 'descending' ? -1 : 1;
  const collator = new Intl.Collator('en', { numeric: true });
  const keys = new Map(
    rows.map((row) => {
      const cell = row.cells[heading.cellIndex];
      return [row, cell?.dataset.sort ?? cell?.textContent ?? ''];
    }),
  );
  const key = (/** @type {HTMLTableRowElement} */ row) => keys.get(row) ?? '';
  const sorted =
    next === 'none'
      ? rows
      : rows.toSorted(
          (a, b) => factor * (numbers ? Number(key(a)) - Number(key(b)) : collator.compare(key(a), key(b))),
        );
  tableBody.append(...sorted);
}

table.tHead?.addEventListener('click', (event) => {
  const heading = event.target instanceof Element ? event.target.closest('th') : null;
  if (heading !== null) sortBy(heading);
});

tableBody.addEventListener('click', (event) => {
  const row = event.target instanceof Element ? event.target.closest('tr') : null;
  // Whoever selects text does not want to open anything.
  if (row === null || getSelection()?.isCollapsed === false) return;
  makeCurrent(row, { focus: false });
  void openTask(row);
});

tableBody.addEventListener('keydown', (event) => {
  const row = event.target instanceof Element ? event.target.closest('tr') : null;
  if (row === null || event.ctrlKey || event.metaKey || event.altKey) return;
  const shown = shownRows();
  const place = shown.indexOf(row);
  const page = 10;
  /** @type {Record<string, HTMLTableRowElement | undefined>} */
  const targets = {
    ArrowDown: shown[place + 1],
    ArrowUp: shown[place - 1],
    PageDown: shown[Math.min(place + page, shown.length - 1)],
    PageUp: shown[Math.max(place - page, 0)],
    Home: shown[0],
    End: shown.at(-1),
  };
  if (!Object.hasOwn(targets, event.key)) return;
  event.preventDefault();
  const target = targets[event.key];
  if (target !== undefined) makeCurrent(target, { focus: true });
});

textFilter.addEventListener('input', filterRows);
for (const filter of [outcomeFilter, variantFilter, bandFilter])
  filter.addEventListener('change', filterRows);
textFilter.form?.addEventListener('submit', (event) => event.preventDefault());
// The fields are empty only after the event.
textFilter.form?.addEventListener('reset', () => setTimeout(filterRows));

addEventListener('keydown', (event) => {
  const typing = event.target instanceof Element && event.target.closest('input, select, dialog') !== null;
  if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  textFilter.focus();
});

/** A link to an attempt opens it. */
const linked = /^#task-(\d+)-(\d+)$/.exec(location.hash);
const linkedRow = linked === null ? undefined : rowOf(linked[1] ?? '');
if (linkedRow !== undefined) {
  makeCurrent(linkedRow, { focus: false });
  void openTask(linkedRow, Number(linked?.[2]));
}
