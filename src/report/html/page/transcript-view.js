/** @typedef {import('../attempt-detail.js').ShownTranscript} ShownTranscript */
/** @typedef {import('../attempt-detail.js').ShownMessage} ShownMessage */

/**
 * What the agent said and was told. Instructions, arguments and results of tools are folded.
 *
 * @param {ShownTranscript} transcript
 */
function transcriptView({ facts, messages, omitted, omittedAfter, link, ending }) {
  const shown = messages.map(messageView);
  if (omitted > 0) {
    const gap = element('p', { class: 'note gap' }, `${omitted} messages left out. `);
    gap.append(element('a', { href: link }, 'Open the whole transcript'));
    shown.splice(omittedAfter, 0, gap);
  }
  const list = element('div', { class: 'messages' }, ...shown);
  const all = (/** @type {boolean} */ open) => () => {
    for (const details of list.querySelectorAll('details')) details.open = open;
  };
  const unfold = element('button', { type: 'button' }, 'Unfold all');
  const fold = element('button', { type: 'button' }, 'Fold all');
  unfold.addEventListener('click', all(true));
  fold.addEventListener('click', all(false));
  return [
    element(
      'div',
      { class: 'row' },
      element('p', { class: 'facts' }, facts),
      element('span', {}, unfold, ' ', fold),
    ),
    list,
    element('p', { class: 'note' }, ending),
  ];
}

/** @param {ShownMessage} message */
function messageView({ role, title, facts, text, reasoning, calls, images }) {
  const head = [element('strong', {}, title), element('span', { class: 'facts' }, facts)];
  const pictures = images.map((data) =>
    element('img', { src: data, alt: 'Picture in the message', loading: 'lazy' }),
  );
  if (role !== 'assistant') {
    return element(
      'article',
      { class: `message ${role}` },
      folded([...head, preview(text.text)], () => textView(text)),
      ...pictures,
    );
  }
  return element(
    'article',
    { class: 'message assistant' },
    element('header', {}, ...head),
    reasoning !== undefined &&
      folded([element('strong', {}, 'Reasoning'), preview(reasoning.text)], () =>
        textView(reasoning, 'text prose'),
      ),
    ...(text.text === '' ? [] : textView(text, 'text prose')),
    ...calls.map(({ name, input }) =>
      folded([element('strong', { class: 'call' }, name), preview(input.text)], () => textView(input), {
        className: 'call',
      }),
    ),
    ...pictures,
  );
}
