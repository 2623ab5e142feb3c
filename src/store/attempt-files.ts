import { mkdir, writeFile } from 'node:fs/promises';
import type { TaskResult } from '../result/task-result.js';
import { writeDurably } from './durable-file.js';
import type { AttemptFolder } from './run-folder.js';

/** The files people open. Only the result is needed to go on, so only it is made to survive a power cut. */
export async function writeAttemptFiles(folder: AttemptFolder, result: TaskResult): Promise<void> {
  await mkdir(folder.path, { recursive: true });
  const { patch } = result;
  if (patch !== undefined) await writeFile(folder.patch, Buffer.from(patch.content, patch.encoding));
  if (result.answer !== undefined) await writeFile(folder.answer, result.answer);
  if (result.status === 'scored') {
    for (const [index, { log, playbookLog }] of result.tries.entries()) {
      await writeFile(folder.testLog(index + 1), log);
      await writeFile(folder.playbookLog(index + 1), playbookLog);
    }
  }
  await writeDurably(folder.result, `${JSON.stringify(result)}\n`);
}
