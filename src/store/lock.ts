import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, link, open, readFile, readlink, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { StoreError } from './errors.js';
import { isMissing } from './is-missing.js';

const holderSchema = z.object({
  host: z.string(),
  pid: z.number().int(),
  /** Tells a process from a later one with the same number. Undefined where the system does not say. */
  startedAt: z.string().optional(),
  /** Where its number means something: a container has numbers of its own. Undefined where the system does not say. */
  namespace: z.string().optional(),
  nonce: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

/** Milliseconds without a sign of life after which a holder that cannot be seen is gone. */
const silentMs = 120_000;
/** Milliseconds to wait for somebody who takes a lock over, which is a matter of a few calls. */
const takeoverPauseMs = 5;
const takeoverMs = 10_000;

export interface LockOptions {
  /** Told once when a sign of life finds that another process has the lock. */
  readonly onLost?: ((error: StoreError) => void) | undefined;
  /** Milliseconds between signs of life. Default: 10,000. */
  readonly signMs?: number | undefined;
}

export interface FolderLock extends AsyncDisposable {
  /** For before each write: a process may have been stopped for any time. @throws StoreError `lost` */
  readonly check: () => Promise<void>;
}

/**
 * Keeps a folder for this process. A lock whose process is gone is taken over, on this machine: in another container, whose
 * processes cannot be seen, after two minutes without a sign of life. Of another machine's nothing is known, and its lock
 * has to be removed by hand. Our own code, since kept lock packages go by a file's age alone and Node has no `flock`.
 * @throws StoreError `locked`
 */
export async function lockFolder(
  path: string,
  { onLost, signMs = 10_000 }: LockOptions = {},
): Promise<FolderLock> {
  const own = await newHolder();
  let file: FileHandle | undefined;
  while ((file = await create(path, own)) === undefined) {
    const holder = await read(path);
    if (holder === undefined) continue;
    if (await isAlive(path, holder)) throw lockedBy(holder, path);
    await removeStale(path, holder);
  }
  return await held(path, own, file, { onLost, signMs });
}

/** @param file the lock, open: so no other file gets its number, and signs of life go to no other lock. */
async function held(
  path: string,
  own: Holder,
  file: FileHandle,
  { onLost, signMs }: { readonly signMs: number } & LockOptions,
): Promise<FolderLock> {
  const made = await file.stat({ bigint: true });
  let lost: StoreError | undefined;
  const check = async () => {
    if (lost === undefined && !(await isSame(path, made))) {
      const holder = await read(path);
      if (holder?.nonce !== own.nonce) lost ??= lostTo(holder, path);
    }
    if (lost !== undefined) throw lost;
  };
  const sign = async () => {
    try {
      await check();
      const now = new Date();
      await file.utimes(now, now);
    } catch {
      // A disk that does not answer is met by whoever writes.
      if (lost === undefined) return;
      clearInterval(signs);
      onLost?.(lost);
    }
  };
  const signs = setInterval(() => void sign(), signMs);
  signs.unref();
  return {
    check,
    [Symbol.asyncDispose]: async () => {
      clearInterval(signs);
      try {
        await release(path, own);
      } finally {
        await file.close();
      }
    },
  };
}

/** Cheaper than a look at what is in it, and enough where file numbers last. */
async function isSame(path: string, { dev, ino }: BigIntStats): Promise<boolean> {
  try {
    const now = await stat(path, { bigint: true });
    return now.dev === dev && now.ino === ino;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function newHolder(): Promise<Holder> {
  return {
    host: hostname(),
    pid: process.pid,
    startedAt: await startOf(process.pid),
    namespace: await ownNamespace(),
    nonce: randomUUID(),
  };
}

/**
 * Puts the lock in place as a whole: a process that dies meanwhile leaves none, or one that can be read. Undefined where
 * there is one.
 */
async function create(path: string, holder: Holder): Promise<FileHandle | undefined> {
  const whole = `${path}.${holder.nonce}`;
  const file = await open(whole, 'wx');
  try {
    await file.writeFile(JSON.stringify(holder));
    await file.datasync();
    await link(whole, path);
    return file;
  } catch (error) {
    await file.close();
    const { code, syscall } = error as NodeJS.ErrnoException;
    // There is one; or whoever holds it has cleared this one away as a dead process's.
    if (code === 'EEXIST' || (code === 'ENOENT' && syscall === 'link')) return undefined;
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

async function isAlive(path: string, holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return true;
  if (holder.namespace !== undefined && holder.namespace !== (await ownNamespace())) {
    const signed = await stat(path).catch(() => undefined);
    return signed !== undefined && Date.now() - signed.mtimeMs < silentMs;
  }
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const startedAt = await startOf(holder.pid);
  return startedAt === undefined || holder.startedAt === undefined || startedAt === holder.startedAt;
}

/**
 * Removes a dead process's lock, and no other: whoever does so holds a lock of its own for it, so that between the look and
 * the removal nobody puts a new one there. A process that dies at this very place leaves that one to be taken over alike.
 */
async function removeStale(path: string, holder: Holder): Promise<void> {
  const takeover = `${path}.takeover`;
  const own = await newHolder();
  const giveUpAt = performance.now() + takeoverMs;
  let file: FileHandle | undefined;
  while ((file = await create(takeover, own)) === undefined) {
    const other = await read(takeover);
    if (other === undefined) continue;
    if (!(await isAlive(takeover, other))) await removeStale(takeover, other);
    else if (performance.now() < giveUpAt) await sleep(takeoverPauseMs);
    else throw lockedBy(other, takeover);
  }
  try {
    const current = await read(path);
    if (current?.nonce === holder.nonce) await rm(path, { force: true });
  } finally {
    await release(takeover, own);
    await file.close();
  }
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

function lostTo(holder: Holder | undefined, path: string): StoreError {
  const what =
    holder === undefined
      ? `${path} has been removed`
      : `Process ${holder.pid} on ${holder.host} has taken over ${path}`;
  return new StoreError(
    `${what} while this process was at work, which happens when it is stopped for minutes. It ends, and writes nothing more. What it had under way is begun again by whoever goes on with the run.`,
    { problem: 'lost' },
  );
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

/** Linux only. */
async function ownNamespace(): Promise<string | undefined> {
  return await readlink('/proc/self/ns/pid').catch(() => undefined);
}
