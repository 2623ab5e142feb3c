import { randomBytes } from 'node:crypto';
import { constants, copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Puts a whole file in place, or leaves the old one: never half of it, whenever the power goes. Folders are created, and
 * those that are new last as the file does.
 */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  await createFolder(dirname(path));
  await putInPlace(path, content);
  await syncFolder(dirname(path));
}

/** The same for a file of which the caller makes the name last, with `syncFolder`, in a folder that is there. */
export async function putInPlace(path: string, content: string | Uint8Array): Promise<void> {
  await whole(path, async (temporary) => {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(content);
      await file.datasync();
    } finally {
      await file.close();
    }
  });
}

/** The same with what is in another file, of any size. */
export async function putFileInPlace(path: string, source: string): Promise<void> {
  await whole(path, async (temporary) => {
    await copyFile(source, temporary, constants.COPYFILE_EXCL);
    const file = await open(temporary, 'r+');
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  });
}

async function whole(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    await write(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Creates a folder, with those above it. What is new survives a power cut. */
export async function createFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first !== undefined) await syncFolders(path, dirname(first));
}

/** Makes the names in a folder, and of it and the folders above it up to the name in `root`, last. */
export async function syncFolders(path: string, root: string): Promise<void> {
  const last = resolve(root);
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === last || folder === dirname(folder)) return;
  }
}

/** Makes the names in a folder as durable as the files they stand for. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
