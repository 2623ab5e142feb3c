import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunFolder } from './run-folder.js';

/**
 * Removes what processes have left of files that they died writing: next to the journal, where only the holder of the lock
 * writes. Attempts' folders are left alone, since workers on other machines may be writing there.
 */
export async function removeLeftovers({ path }: RunFolder): Promise<void> {
  const names = await readdir(path);
  await Promise.all(
    names.filter((name) => isLeftover(name)).map((name) => rm(join(path, name), { force: true })),
  );
}

/**
 * Half a file, a lock that was not put in place yet, or one for taking over from a dead process. Whoever is about to put one
 * there begins again, and who takes over now finds a living holder.
 */
function isLeftover(name: string): boolean {
  return /\.part$/.test(name) || /^lock((\.takeover)+|(\.takeover)*\.[0-9a-f]{8}-[0-9a-f-]{27})$/.test(name);
}
