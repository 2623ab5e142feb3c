import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { StoreError } from './errors.js';
import { isMissing } from './is-missing.js';

const holderSchema = z.object({
  host: z.string(),
  pid: z.number().int(),
  /** Tells a process from a later one with the same number. Undefined where the system does not say. */
  startedAt: z.string().optional(),
  nonce: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

/**
 * Keeps a folder for this process. A lock whose process is gone is taken over, on this machine: of another machine's
 * nothing is known, and its lock has to be removed by hand. Our own code, since kept lock packages go by a file's age and
 * Node has no `flock`.
 * @throws StoreError `locked`
 */
export async function lockFolder(path: string): Promise<AsyncDisposable> {
  const own: Holder = {
    host: hostname(),
    pid: process.pid,
    startedAt: await startOf(process.pid),
    nonce: randomUUID(),
  };
  for (;;) {
    if (await create(path, own)) return { [Symbol.asyncDispose]: () => release(path, own) };
    const holder = await read(path);
    if (holder === undefined) continue;
    if (await isAlive(holder)) throw lockedBy(holder, path);
    await removeStale(path, holder);
  }
}

/** Puts the lock in place as a whole: a process that dies meanwhile leaves none, or one that can be read. */
async function create(path: string, holder: Holder): Promise<boolean> {
  const whole = `${path}.${holder.nonce}`;
  try {
    const file = await open(whole, 'wx');
    try {
      await file.writeFile(JSON.stringify(holder));
      await file.datasync();
    } finally {
      await file.close();
    }
    await link(whole, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(whole, { force: true });
  }
}

/** Undefined where it has just gone. @throws StoreError for a file that is not a lock of ours. */
async function read(path: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    throw new StoreError(
      `${path} is no lock that can be read. If no other process works in this folder, remove the file and try again.`,
      { problem: 'locked' },
    );
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const startedAt = await startOf(holder.pid);
  return startedAt === undefined || holder.startedAt === undefined || startedAt === holder.startedAt;
}

/** Moves the lock aside before it removes it: of two processes that do so, one finds the other's new lock and puts it back. */
async function removeStale(path: string, holder: Holder): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  const moved = await read(aside);
  if (moved !== undefined && moved.nonce !== holder.nonce) await rename(aside, path);
  else await rm(aside, { force: true });
}

async function release(path: string, own: Holder): Promise<void> {
  const holder = await read(path).catch(() => undefined);
  if (holder?.nonce === own.nonce) await rm(path, { force: true });
}

function lockedBy({ host, pid }: Holder, path: string): StoreError {
  const advice =
    host === hostname()
      ? 'Wait for it or end it.'
      : `If that machine no longer works on it, remove ${path} and try again.`;
  return new StoreError(`Process ${pid} on ${host} is at work in this folder. ${advice}`, {
    problem: 'locked',
  });
}

/** When a process started, in the kernel's clock ticks. Linux only. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
