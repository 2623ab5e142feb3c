import { createHash, randomUUID } from 'node:crypto';
import type { Computer } from '../computer/computer.js';
import type { CallOptions } from '../computer/computer-interface.js';
import type { BaseCommit } from './base-commit.js';
import type { Layout } from './layout.js';
import { harnessDirectory, ownGit, plainNestedRepositories, rawAttributes } from './own-git.js';
import { shellQuote } from '../computer/shell-quote.js';

/** What an agent changed, as a binary-safe git diff against the base commit. */
export interface Patch {
  readonly bytes: Uint8Array;
  readonly files: readonly string[];
  readonly sha256: string;
}

export interface BaseSource {
  readonly base: BaseCommit;
  /** The base commit's bundle, from our side: the agent may have committed, or deleted `.git`. */
  readonly bundle: Uint8Array;
}

/**
 * Everything the agent changed: tracked, untracked, deleted, binary and non-UTF-8 files. What `.gitignore` names stays
 * out, and so do the user tool's traces. The comparison uses a repository of our own made from `source.bundle`; the
 * agent's `.git` is not read. Upstream diffs the agent's repository and loses untracked and committed work.
 */
export async function extractPatch(
  computer: Computer,
  layout: Layout,
  source: BaseSource,
  options: CallOptions = {},
): Promise<Patch> {
  const work = `${layout.scratch}/swelancer-patch-${randomUUID().slice(-12)}`;
  const { signal, timeoutMs } = options;
  const scratch = shellQuote(layout.scratch);
  await computer.checkShellCommand(`[ -d ${scratch} ] || rm -f ${scratch}; mkdir -p ${shellQuote(work)}`, {
    signal,
    timeoutMs,
    cwd: harnessDirectory,
    label: 'make room for the comparison',
  });
  try {
    await computer.upload(source.bundle, `${work}/base.bundle`, options);
    await computer.checkShellCommand(diffScript(layout, work, source.base.commit), {
      signal,
      timeoutMs,
      cwd: harnessDirectory,
      label: 'compare with the base commit',
    });
    const bytes = await computer.download(`${work}/patch.diff`, { signal, timeoutMs, maxBytes: 1024 ** 3 });
    const names = await computer.download(`${work}/files`, {
      signal,
      timeoutMs,
      maxBytes: 64 * 1024 ** 2,
    });
    return patchFrom(bytes, new TextDecoder().decode(names).split('\0').filter(Boolean));
  } finally {
    await removeQuietly(computer, work, options);
  }
}

/** What went wrong before is what counts, and the computer goes soon in any case. */
async function removeQuietly(
  computer: Computer,
  path: string,
  { signal, timeoutMs }: CallOptions,
): Promise<void> {
  try {
    await computer.sendShellCommand(`rm -rf ${shellQuote(path)}`, {
      signal,
      timeoutMs,
      cwd: harnessDirectory,
      label: 'remove what is no longer needed',
    });
  } catch {
    // Told by the command's own events.
  }
}

/** A patch that was saved, or made elsewhere. `files` is read from its headers where it is not given. */
export function patchFrom(bytes: Uint8Array, files?: readonly string[]): Patch {
  return {
    bytes,
    files: files ?? filesOf(bytes),
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** Applies a patch to a computer at the same base. Resolves to git's complaint where git refuses it. */
export async function applyPatch(
  computer: Computer,
  layout: Layout,
  patch: Patch,
  options: CallOptions = {},
): Promise<{ readonly applied: true } | { readonly applied: false; readonly reason: string }> {
  if (patch.bytes.byteLength === 0) return { applied: true };
  const file = `${layout.scratch}/swelancer-apply-${randomUUID().slice(-12)}.diff`;
  const { signal, timeoutMs } = options;
  await computer.upload(patch.bytes, file, options);
  try {
    const { exitCode, stderr } = await computer.sendShellCommand(
      `${ownGit}\ncd ${shellQuote(layout.repository)} && git apply --binary --whitespace=nowarn ${shellQuote(file)}`,
      { signal, timeoutMs, cwd: harnessDirectory, label: 'apply the patch' },
    );
    if (exitCode === 0) return { applied: true };
    return { applied: false, reason: stderr.trim() || `git apply ended with ${String(exitCode)}` };
  } finally {
    await removeQuietly(computer, file, options);
  }
}

/** Takes back everything since the base commit, ignored files excepted. For a computer that no agent has touched. */
export async function resetToBase(
  computer: Computer,
  layout: Layout,
  base: BaseCommit,
  { signal, timeoutMs }: CallOptions = {},
): Promise<void> {
  await computer.checkShellCommand(
    `${ownGit}\ncd ${shellQuote(layout.repository)} && git reset --quiet --hard ${base.commit} && git clean --quiet --force -d && rm -rf ${shellQuote(layout.userToolOutput)}`,
    { signal, timeoutMs, cwd: harnessDirectory, label: 'return to the base commit' },
  );
}

function diffScript(layout: Layout, work: string, commit: string): string {
  const excluded = relativeTo(layout.repository, layout.userToolOutput);
  return `
set -e
${ownGit}
git init --quiet --bare ${shellQuote(`${work}/base.git`)}
# An agent may have removed even the repository: everything is deleted then.
mkdir -p ${shellQuote(layout.repository)}
cd ${shellQuote(layout.repository)}
${plainNestedRepositories}
export GIT_DIR=${shellQuote(`${work}/base.git`)} GIT_WORK_TREE=${shellQuote(layout.repository)}
git config core.bare false
git config core.fileMode true
git config core.quotePath false
mkdir -p "$GIT_DIR/info"
echo ${shellQuote(rawAttributes)} > "$GIT_DIR/info/attributes"
git fetch --quiet ${shellQuote(`${work}/base.bundle`)} HEAD
git read-tree ${commit}
git add --all -- . ${shellQuote(`:(exclude,top)${excluded}`)}
git diff --cached --binary --full-index --no-color --no-ext-diff --no-textconv --no-renames ${commit} > ${shellQuote(`${work}/patch.diff`)}
git diff --cached --name-only -z --no-renames ${commit} > ${shellQuote(`${work}/files`)}
`.trim();
}

function relativeTo(folder: string, path: string): string {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}

function filesOf(bytes: Uint8Array): string[] {
  const headers = new TextDecoder('latin1').decode(bytes).matchAll(/^diff --git "?a\/(.+?)"? "?b\/.+$/gm);
  return [...headers].map(([, name = '']) => Buffer.from(name, 'latin1').toString('utf8'));
}
