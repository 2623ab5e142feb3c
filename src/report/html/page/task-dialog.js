const dialog = /** @type {HTMLDialogElement} */ (byId('task-dialog'));

/** Tells the latest request from earlier ones that are still unpacking. */
let opened = 0;

/**
 * Shows a task's attempts in the dialog. The browser closes it with Escape and gives the focus back.
 *
 * @param {HTMLTableRowElement} row
 * @param {number} [attempt] the attempt's place; default: the last one
 */
async function openTask(row, attempt) {
  const labels = (row.dataset.attempts ?? '').split('|').filter(Boolean);
  const chosen = Math.min(attempt ?? labels.length - 1, labels.length - 1);
  const body = element('div', { class: 'dialog-body', id: 'attempt', tabindex: '-1' });
  const request = ++opened;
  const focused =
    document.activeElement instanceof HTMLElement ? document.activeElement.dataset.part : undefined;
  dialog.replaceChildren(dialogHead(row), attemptTabs(row, labels, chosen), body);
  if (!dialog.open) dialog.showModal();
  document.documentElement.classList.add('reading');
  // What had the focus is gone with the old content; its counterpart gets it, or else the text, so that arrows scroll.
  const counterpart = dialog.querySelector(`[data-part="${focused}"]:not(:disabled)`);
  (counterpart instanceof HTMLElement ? counterpart : body).focus();
  history.replaceState(null, '', `#task-${row.dataset.index}-${Math.max(chosen, 0)}`);
  if (labels.length === 0) {
    body.append(element('p', { class: 'note' }, 'This task has no result yet.'));
    return;
  }
  body.setAttribute('aria-busy', 'true');
  try {
    const detail = await readAttempt(Number(row.dataset.index), chosen);
    if (request !== opened) return;
    body.append(...attemptView(detail).filter((child) => child !== undefined && child !== false));
  } catch (error) {
    body.append(element('pre', { class: 'problem' }, `This attempt cannot be shown: ${error}`));
  } finally {
    body.removeAttribute('aria-busy');
  }
}

/** @param {HTMLTableRowElement} row */
function dialogHead(row) {
  const previous = element(
    'button',
    { type: 'button', 'aria-keyshortcuts': 'k', 'data-part': 'previous' },
    '↑ Previous',
  );
  const next = element('button', { type: 'button', 'aria-keyshortcuts': 'j', 'data-part': 'next' }, '↓ Next');
  const close = element('button', { type: 'button', 'aria-label': 'Close' }, '✕');
  previous.addEventListener('click', () => openNeighbour(-1));
  next.addEventListener('click', () => openNeighbour(1));
  close.addEventListener('click', () => dialog.close());
  previous.disabled = neighbour(row, -1) === undefined;
  next.disabled = neighbour(row, 1) === undefined;
  const id = row.querySelector('.id')?.textContent ?? '';
  const facts = [id, ...[...row.cells].slice(1, 3).map((cell) => cell.textContent ?? '')];
  return element(
    'header',
    { class: 'dialog-head' },
    element(
      'div',
      {},
      element('h2', { id: 'dialog-title' }, row.querySelector('.open')?.textContent ?? id),
      element('p', { class: 'facts' }, facts.join(' · ')),
    ),
    element('div', { class: 'buttons' }, previous, next, close),
  );
}

/**
 * @param {HTMLTableRowElement} row
 * @param {string[]} labels
 * @param {number} chosen
 */
function attemptTabs(row, labels, chosen) {
  const kinds = (row.dataset.kinds ?? '').split('|');
  const tabs = labels.map((label, index) => {
    const tab = element(
      'button',
      { type: 'button', 'aria-pressed': `${index === chosen}`, class: 'tab', 'data-part': `tab-${index}` },
      element('span', { class: `mark ${kinds[index] ?? ''}`, 'aria-hidden': 'true' }),
      label,
    );
    tab.addEventListener('click', () => void openTask(row, index));
    return tab;
  });
  return element(
    'div',
    { class: 'tabs', role: 'group', 'aria-label': 'Attempts', hidden: labels.length < 2 },
    ...tabs,
  );
}

/** @param {1 | -1} step */
function openNeighbour(step) {
  const row = rowOf(currentIndex());
  const other = row === undefined ? undefined : neighbour(row, step);
  if (other === undefined) return;
  makeCurrent(other, { focus: false });
  void openTask(other);
}

/** The place of the task whose dialog is open. */
function currentIndex() {
  return /^#task-(\d+)-/.exec(location.hash)?.[1] ?? '';
}

dialog.addEventListener('close', () => {
  const row = rowOf(currentIndex());
  document.documentElement.classList.remove('reading');
  history.replaceState(null, '', '#');
  dialog.replaceChildren();
  if (row !== undefined) makeCurrent(row, { focus: true });
});

dialog.addEventListener('click', (event) => {
  // The dialog's own box is covered by its parts, so a click on it is one beside it.
  if (event.target === dialog) dialog.close();
});

dialog.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'j') openNeighbour(1);
  else if (event.key === 'k') openNeighbour(-1);
});
