import type { TaskResult } from '../result/task-result.js';
import { createFolder, putInPlace, writeDurably } from './durable-file.js';
import type { AttemptFolder } from './run-folder.js';

/** What was said and done in an attempt, each as a whole file. Undefined leaves the one that is there. */
export interface AttemptRecords {
  readonly transcript?: Uint8Array | undefined;
  readonly events?: Uint8Array | undefined;
}

export async function writeAttemptRecords(
  folder: AttemptFolder,
  { transcript, events }: AttemptRecords,
): Promise<void> {
  await createFolder(folder.path);
  if (transcript !== undefined) await putInPlace(folder.transcript, transcript);
  if (events !== undefined) await putInPlace(folder.events, events);
}

/** The files people open, and last the one that is read to go on. Each is there as a whole or not at all. */
export async function writeAttemptFiles(folder: AttemptFolder, result: TaskResult): Promise<void> {
  await createFolder(folder.path);
  const { patch } = result;
  if (patch !== undefined) await putInPlace(folder.patch, Buffer.from(patch.content, patch.encoding));
  if (result.answer !== undefined) await putInPlace(folder.answer, result.answer);
  if (result.status === 'scored') {
    for (const [index, { log, playbookLog }] of result.tries.entries()) {
      await putInPlace(folder.testLog(index + 1), log);
      await putInPlace(folder.playbookLog(index + 1), playbookLog);
    }
  }
  // Makes the names of all of them last.
  await writeDurably(folder.result, `${JSON.stringify(result)}\n`);
}
