import type { Computer } from '../computer/computer.js';
import type { CallOptions } from '../computer/computer-interface.js';
import type { Layout } from './layout.js';
import { harnessDirectory, ownGit, plainNestedRepositories, rawAttributes } from './own-git.js';
import { shellQuote } from '../computer/shell-quote.js';

/** git's id of a state of the files: equal for equal files, whenever and wherever it was taken. */
export interface BaseTree {
  readonly tree: string;
}

/** The state an agent starts from, as a repository of one commit. */
export interface BaseCommit extends BaseTree {
  readonly commit: string;
}

/**
 * Replaces the repository's history by one commit of what is there, so that neither the fix nor its past can be read.
 * Attributes are switched off for it: files are stored as they are, whatever `.gitattributes` says or an agent makes it say.
 * Upstream's rule is the same without the attributes, and without a commit for manager tasks.
 */
export async function createBaseCommit(
  computer: Computer,
  layout: Layout,
  { signal, timeoutMs }: CallOptions = {},
): Promise<BaseCommit> {
  const { stdout } = await computer.checkShellCommand(baseCommitScript(layout), {
    signal,
    timeoutMs,
    cwd: harnessDirectory,
    label: 'replace the history by one commit',
  });
  const [commit = '', tree = ''] = stdout.trim().split('\n').slice(-2);
  return { commit, tree };
}

/** The base commit as a single file, to be kept outside: the agent may delete or rewrite its own `.git`. */
export async function bundleBaseCommit(
  computer: Computer,
  layout: Layout,
  { signal, timeoutMs }: CallOptions = {},
): Promise<Uint8Array> {
  const bundle = `${layout.scratch}/swelancer-base.bundle`;
  // Window 0: looking for deltas between files costs minutes on a large repository, and saves little of one commit.
  await computer.checkShellCommand(
    `${ownGit}
cd ${shellQuote(layout.repository)} && git -c pack.window=0 bundle create --quiet ${shellQuote(bundle)} HEAD`,
    { signal, timeoutMs, cwd: harnessDirectory, label: 'keep the base commit' },
  );
  try {
    return await computer.download(bundle, { signal, timeoutMs, maxBytes: 4 * 1024 ** 3 });
  } finally {
    await computer.sendShellCommand(`rm -f ${shellQuote(bundle)}`, {
      signal,
      timeoutMs,
      cwd: harnessDirectory,
      label: 'remove the bundle',
    });
  }
}

function baseCommitScript(layout: Layout): string {
  const tracked = shellQuote(`${layout.scratch}/swelancer-tracked`);
  return `
set -e
${ownGit}
cd ${shellQuote(layout.repository)}
: > ${tracked}
if [ -d .git ]; then
  # A fuzzy patch leaves the file as it was before the bug beside the broken one.
  git ls-files --others -z -- '*.orig' | xargs -0 rm -f --
  git ls-files -z > ${tracked}
fi
rm -rf .git
${plainNestedRepositories}
git init --quiet
mkdir -p .git/info
echo ${shellQuote(rawAttributes)} > .git/info/attributes
git add --all
# Files that were tracked although .gitignore names them.
git update-index --add --remove -z --stdin < ${tracked}
rm -f ${tracked}
git -c user.name=swelancer -c user.email=swelancer@localhost -c commit.gpgsign=false commit --quiet --allow-empty --no-verify --message base
git rev-parse HEAD
git rev-parse 'HEAD^{tree}'
`.trim();
}
