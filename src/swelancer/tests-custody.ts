import { mkdtemp, rm } from 'node:fs/promises';
import { createReadStream, createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Computer } from '../computer/computer.js';
import type { CallOptions } from '../computer/computer-interface.js';
import type { Layout } from './layout.js';
import { PrepareError } from './errors.js';
import { shellQuote } from '../computer/shell-quote.js';
import { harnessDirectory } from './own-git.js';

/** The tests of a computer, held on our side while the agent works. A file, for they run to a hundred megabytes. */
export interface TestsCustody extends AsyncDisposable {
  /** Wipes whatever stands in the tests' place and puts the tests back. */
  restore(computer: Computer, layout: Layout, options?: CallOptions): Promise<void>;
}

/** Takes a copy of the tests. They stay where they are: `removeTests` takes them away. */
export async function takeTests(
  computer: Computer,
  layout: Layout,
  options: CallOptions = {},
): Promise<TestsCustody> {
  const folder = await mkdtemp(join(tmpdir(), 'swelancer-tests-'));
  const archive = join(folder, 'tests.tar');
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    await pipeline(computer.downloadTree(layout.tests, options), createWriteStream(archive));
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    restore: async (target, targetLayout, restoreOptions = {}) => {
      await removeTests(target, targetLayout, restoreOptions);
      await target.uploadTree(createReadStream(archive), targetLayout.tests, restoreOptions);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Removes the tests, the recorded traffic and every task's gold patch, and makes sure that they are gone. */
export async function removeTests(
  computer: Computer,
  layout: Layout,
  { signal, timeoutMs }: CallOptions = {},
): Promise<void> {
  const path = shellQuote(layout.tests);
  const { exitCode, stderr } = await computer.sendShellCommand(`rm -rf ${path}; test ! -e ${path}`, {
    signal,
    timeoutMs,
    cwd: harnessDirectory,
    label: 'remove the tests',
  });
  if (exitCode !== 0) {
    throw new PrepareError(
      `The tests could not be removed from ${layout.tests} of computer ${computer.id}: ${stderr.trim() || 'they are still there'}. No agent may start there.`,
      { computerId: computer.id },
    );
  }
}
