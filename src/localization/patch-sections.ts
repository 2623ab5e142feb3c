/** One file of a git-style diff. */
export interface PatchSection {
  /** Undefined where the file is not there before the patch, or after it. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly hunks: readonly PatchHunk[];
}

export interface PatchHunk {
  /** What git puts behind the second `@@`: the last line above the hunk that looks like the head of a function. */
  readonly heading: string;
  /** With their first characters: space, `+` or `-`. */
  readonly lines: readonly string[];
}

/** Reads the files of a git-style diff. Lines it does not know are passed over. */
export function patchSections(patch: string): PatchSection[] {
  return patch
    .split(/^(?=diff --git )/m)
    .filter((text) => text.startsWith('diff --git '))
    .map((text) => sectionOf(text.split(/\r?\n/)));
}

function sectionOf(lines: readonly string[]): PatchSection {
  const bodyAt = lines.findIndex((line) => line.startsWith('@@ '));
  const head = bodyAt === -1 ? lines : lines.slice(0, bodyAt);
  const valueOf = (start: string) => head.find((line) => line.startsWith(start))?.slice(start.length);
  const same = samePath(lines[0] ?? '');
  const before = pathOf(valueOf('--- ')) ?? unquoted(valueOf('rename from ')) ?? same;
  const after = pathOf(valueOf('+++ ')) ?? unquoted(valueOf('rename to ')) ?? same;
  return {
    before: valueOf('new file mode ') === undefined ? before : undefined,
    after: valueOf('deleted file mode ') === undefined ? after : undefined,
    hunks: bodyAt === -1 ? [] : hunksOf(lines.slice(bodyAt)),
  };
}

/** By the counts of their headers: a line of a hunk may look like the head of a file. */
function hunksOf(lines: readonly string[]): PatchHunk[] {
  const hunks: PatchHunk[] = [];
  for (let at = 0; at < lines.length; at++) {
    const header = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@ ?(.*)$/.exec(lines[at] ?? '');
    if (header === null) continue;
    let old = Number(header[1] ?? 1);
    let fresh = Number(header[2] ?? 1);
    const body: string[] = [];
    while ((old > 0 || fresh > 0) && at + 1 < lines.length) {
      const line = lines[++at] ?? '';
      if (!line.startsWith('+')) old -= line.startsWith('\\') ? 0 : 1;
      if (!line.startsWith('-')) fresh -= line.startsWith('\\') ? 0 : 1;
      body.push(line);
    }
    hunks.push({ heading: header[3] ?? '', lines: body });
  }
  return hunks;
}

/** The path of `diff --git a/<path> b/<path>`, which is both times the same unless the file was renamed. */
function samePath(line: string): string | undefined {
  const names = line.slice('diff --git '.length);
  if (names.startsWith('"')) return pathOf(names.slice(0, names.indexOf('" "') + 1));
  // `a/` and `b/` are of equal length, so that the halves are too.
  return names.slice(2, (names.length - 1) / 2);
}

function pathOf(name: string | undefined): string | undefined {
  const path = unquoted(name?.split('\t')[0]);
  return path === undefined || path === '/dev/null' ? undefined : path.replace(/^[ab]\//, '');
}

/** git quotes names with unusual characters as C does, bytes in octal. */
function unquoted(name: string | undefined): string | undefined {
  if (name?.startsWith('"') !== true) return name;
  const latin1 = name.slice(1, -1).replace(/\\([0-7]{3}|.)/g, (_, code: string) => {
    if (code.length === 3) return String.fromCharCode(Number.parseInt(code, 8));
    return { n: '\n', t: '\t', r: '\r' }[code] ?? code;
  });
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
