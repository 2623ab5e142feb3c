/** @typedef {import('../attempt-detail.js').ShownTest} ShownTest */
/** @typedef {import('../attempt-detail.js').ShownFile} ShownFile */

/**
 * Everything that is shown of one attempt.
 *
 * @param {AttemptDetail} detail
 * @returns {Child[]}
 */
function attemptView(detail) {
  const { kind, outcome, explanation, facts, phases, problems, message, answer, patch, tests, files } =
    detail;
  const { transcript } = detail;
  return [
    element(
      'p',
      { class: `verdict ${kind}` },
      element('strong', {}, outcome),
      explanation !== '' && ` ${explanation}`,
    ),
    ...problems.map((problem) => element('pre', { class: 'problem' }, problem)),
    element(
      'dl',
      { class: 'facts-list' },
      ...facts.map(({ term, value }) =>
        element('div', {}, element('dt', {}, term), element('dd', {}, value)),
      ),
    ),
    phases.length > 0 && phaseTable(phases),
    message !== undefined &&
      message !== '' &&
      section('Last words', [element('pre', { class: 'text prose' }, message)]),
    answer !== undefined && section('Answer', textView(answer)),
    patch !== undefined &&
      section(
        'Patch',
        [...patchView(patch.text), patch.omitted > 0 && omissionNote(patch.link)],
        patch.facts,
      ),
    tests.length > 0 && section('Tests', tests.map(testView)),
    files.length > 0 && section('Files', [element('div', { class: 'files' }, ...files.map(fileView))]),
    transcript === undefined
      ? section('Transcript', [element('p', { class: 'note' }, 'No transcript was kept.')])
      : section('Transcript', transcriptView(transcript)),
  ];
}

/**
 * @param {string} title
 * @param {Child[]} content
 * @param {string} [facts]
 */
function section(title, content, facts) {
  const heading = element('h3', {}, title, facts !== undefined && element('span', { class: 'facts' }, facts));
  return element('section', { class: 'part' }, heading, ...content);
}

/** @param {AttemptDetail['phases']} phases */
function phaseTable(phases) {
  const longest = Math.max(...phases.map(({ durationMs }) => durationMs), 1);
  return element(
    'ul',
    { class: 'phases', 'aria-label': 'Time of each phase' },
    ...phases.map(({ name, durationMs, text }) =>
      element(
        'li',
        {},
        element('span', {}, name),
        element('meter', { max: `${longest}`, value: `${durationMs}`, 'aria-hidden': 'true' }),
        element('span', { class: 'number' }, text),
      ),
    ),
  );
}

/** @param {ShownTest} test */
function testView({ title, passed, facts, log, playbookLog }) {
  return element(
    'div',
    { class: 'test' },
    folded(
      [
        element(
          'span',
          { class: `mark ${passed ? 'passed' : 'failed'}`, 'aria-hidden': 'true' },
          passed ? '✓' : '×',
        ),
        element('strong', {}, title),
        element('span', { class: 'facts' }, facts),
      ],
      () => textView(log),
      { open: true },
    ),
    playbookLog.text !== '' && folded([element('strong', {}, "Playbook's log")], () => textView(playbookLog)),
  );
}

/** @param {ShownFile} file */
function fileView({ name, size, link, kind, data }) {
  const caption = element('figcaption', {}, element('a', { href: link }, name), ` ${size}`);
  if (data === undefined) return element('figure', { class: 'linked' }, caption);
  return element(
    'figure',
    {},
    kind === 'video'
      ? element('video', { src: data, controls: true, preload: 'metadata' })
      : element('img', { src: data, alt: name, loading: 'lazy' }),
    caption,
  );
}
