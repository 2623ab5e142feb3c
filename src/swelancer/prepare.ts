import type { Computer } from '../computer/computer.js';
import type { CallOptions } from '../computer/computer-interface.js';
import type { Task } from '../dataset/task.js';
import { type BaseCommit, bundleBaseCommit, createBaseCommit } from './base-commit.js';
import { PrepareError } from './errors.js';
import type { Layout } from './layout.js';
import { harnessDirectory, ownGit } from './own-git.js';
import { shellQuote } from '../computer/shell-quote.js';
import { removeTests, takeTests, type TestsCustody } from './tests-custody.js';

export interface PrepareOptions extends CallOptions {
  readonly task: Task;
  readonly computer: Computer;
  readonly layout: Layout;
  /** Whether to hold a copy of the tests, for tools and grading that use this same computer. */
  readonly keepTests: boolean;
}

/** A computer an agent may be let into. */
export interface PreparedComputer extends AsyncDisposable {
  readonly base: BaseCommit;
  /** The base commit as a file of ours. Undefined for manager tasks, which leave no patch. */
  readonly bundle: Uint8Array | undefined;
  readonly tests: TestsCustody | undefined;
}

/**
 * Makes a ready computer fit for an agent: the manager's state of the code, no history, no tests, no answers.
 * @throws PrepareError
 */
export async function prepareComputer(options: PrepareOptions): Promise<PreparedComputer> {
  const { task, computer, layout, keepTests, signal, timeoutMs } = options;
  const call: CallOptions = { signal, timeoutMs };
  if (task.variant === 'swe_manager') await resetToParent(computer, layout, task.secrets.fixCommit, call);
  const tests = keepTests ? await takeTests(computer, layout, call) : undefined;
  try {
    await removeTests(computer, layout, call);
    const base = await createBaseCommit(computer, layout, call);
    const bundle = task.variant === 'ic_swe' ? await bundleBaseCommit(computer, layout, call) : undefined;
    return { base, bundle, tests, [Symbol.asyncDispose]: async () => tests?.[Symbol.asyncDispose]() };
  } catch (error) {
    await tests?.[Symbol.asyncDispose]();
    throw error;
  }
}

/** The code as the manager saw it: the parent of the commit that fixed the issue. */
async function resetToParent(
  computer: Computer,
  layout: Layout,
  commit: string,
  { signal, timeoutMs }: CallOptions,
): Promise<void> {
  const { exitCode, stderr } = await computer.sendShellCommand(
    `${ownGit}\ncd ${shellQuote(layout.repository)} && git reset --quiet --hard ${shellQuote(`${commit}^`)}`,
    { signal, timeoutMs, cwd: harnessDirectory, label: 'return to the code the manager saw' },
  );
  if (exitCode === 0) return;
  throw new PrepareError(
    `The repository could not be reset to the parent of ${commit}: ${stderr.trim()}. Is that commit part of the image's history?`,
    { computerId: computer.id },
  );
}
