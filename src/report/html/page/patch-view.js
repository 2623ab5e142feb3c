/** @typedef {{ name: string, lines: PatchLine[], added: number, removed: number }} PatchFile */
/** @typedef {{ kind: 'added' | 'removed' | 'hunk' | 'meta' | 'same', text: string, before?: number, after?: number }} PatchLine */

/**
 * A patch, one foldable part a file, with the numbers of its lines before and after.
 *
 * @param {string} text
 */
function patchView(text) {
  return patchFiles(text).map((file) =>
    folded(
      [
        element('span', { class: 'file-name' }, file.name),
        element('span', { class: 'plus' }, `+${file.added}`),
        element('span', { class: 'minus' }, `−${file.removed}`),
      ],
      () => [element('pre', { class: 'patch', tabindex: '0' }, ...file.lines.map(patchLine))],
      { open: file.lines.length < 2000, className: 'patch-file' },
    ),
  );
}

/** @param {PatchLine} line */
function patchLine({ kind, text, before, after }) {
  // Numbers are drawn from an attribute, so that they are not copied with the lines.
  const numbers = [before, after].map((number) => `${number ?? ''}`.padStart(6)).join('');
  return element('span', { class: `line ${kind}`, 'data-numbers': numbers }, `${text}\n`);
}

/**
 * @param {string} text
 * @returns {PatchFile[]}
 */
function patchFiles(text) {
  /** @type {PatchFile[]} */
  const files = [];
  let [before, after] = [0, 0];
  // Lines that a hunk still has: only within it does a first character mean anything.
  let [beforeLeft, afterLeft] = [0, 0];
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const inHunk = beforeLeft > 0 || afterLeft > 0;
    if (files.length === 0 || (!inHunk && line.startsWith('diff --git '))) {
      files.push({ name: nameOf(line), lines: [], added: 0, removed: 0 });
    }
    const file = /** @type {PatchFile} */ (files.at(-1));
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (hunk !== null) {
      [before, after] = [Number(hunk[1]), Number(hunk[3])];
      [beforeLeft, afterLeft] = [Number(hunk[2] ?? 1), Number(hunk[4] ?? 1)];
      file.lines.push({ kind: 'hunk', text: line });
    } else if (inHunk && line.startsWith('+')) {
      file.lines.push({ kind: 'added', text: line, after: after++ });
      file.added++;
      afterLeft--;
    } else if (inHunk && line.startsWith('-')) {
      file.lines.push({ kind: 'removed', text: line, before: before++ });
      file.removed++;
      beforeLeft--;
    } else if (inHunk && (line.startsWith(' ') || line === '')) {
      file.lines.push({ kind: 'same', text: line, before: before++, after: after++ });
      beforeLeft--;
      afterLeft--;
    } else {
      // A header, `\ No newline at end of file`, or the place where the text was cut.
      if (!line.startsWith('\\')) [beforeLeft, afterLeft] = [0, 0];
      file.lines.push({ kind: 'meta', text: line });
    }
  }
  return files;
}

/** @param {string} header */
function nameOf(header) {
  return / b\/(.*)$/.exec(header)?.[1] ?? header.replace(/^diff --git /, '');
}
