/** @typedef {import('../attempt-detail.js').ShownText} ShownText */

/**
 * A text with its line breaks, and where the whole of it is if this is not.
 *
 * @param {ShownText} shown
 * @param {string} [className]
 * @returns {Child[]}
 */
function textView({ text, omitted, link }, className = 'text') {
  return [element('pre', { class: className, tabindex: '0' }, text), omitted > 0 && omissionNote(link)];
}

/** @param {string | undefined} link */
function omissionNote(link) {
  return element(
    'p',
    { class: 'note' },
    'Cut in the middle. ',
    link !== undefined && element('a', { href: link }, 'Open the whole file'),
  );
}

/**
 * The first line that says something, for the head of a folded text.
 *
 * @param {string} text
 */
function preview(text) {
  const line = text.split('\n', 40).find((candidate) => candidate.trim() !== '') ?? '';
  return element('span', { class: 'preview' }, line.trim().slice(0, 160));
}
