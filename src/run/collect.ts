import { extractPatch, type Patch } from '../swelancer/patch.js';
import type { PreparedComputer } from '../swelancer/prepare.js';
import type { ProvisionedComputer } from '../swelancer/provision.js';
import { readRegularFile } from '../swelancer/read-regular-file.js';
import { answerFileOf } from './answer-file.js';
import type { Attempt } from './attempt.js';
import { toResultPatch } from './result-patch.js';

/** What an agent left to be graded. */
export interface CollectedWork {
  readonly patch: Patch | undefined;
  readonly answer: Uint8Array | undefined;
}

/** Ends whatever the agent left running and reads its patch or its answer. */
export async function collect(
  attempt: Attempt,
  { computer, layout }: ProvisionedComputer,
  prepared: PreparedComputer,
): Promise<CollectedWork> {
  const work = await attempt.phase('patch', 'patchMs', async (events, signal): Promise<CollectedWork> => {
    const here = computer.within(events);
    await here.killAll({ signal });
    const answerFile = answerFileOf(attempt, layout);
    if (answerFile !== undefined) {
      const answer = await readRegularFile(here, answerFile, { signal, maxBytes: maxAnswerBytes });
      return { patch: undefined, answer };
    }
    if (prepared.bundle === undefined)
      throw new Error('prepareComputer makes a bundle for every task whose working tree is graded.');
    const source = { base: prepared.base, bundle: prepared.bundle };
    const patch = await extractPatch(here, layout, source, { signal });
    events.emit('patch.extracted', {
      bytes: patch.bytes.byteLength,
      files: patch.files.length,
      baseCommit: prepared.base.commit,
    });
    return { patch, answer: undefined };
  });
  attempt.facts.patch = work.patch && toResultPatch(work.patch, prepared.base);
  attempt.facts.answer = work.answer && new TextDecoder().decode(work.answer);
  return work;
}

/** An answer larger than this is none: a manager's has 30 bytes, a list of places has a few thousand. */
const maxAnswerBytes = 1024 ** 2;
