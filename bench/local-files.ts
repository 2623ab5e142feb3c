import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { effort } from './effort.js';

export const fileMib = effort(512, 8);
export const treeFiles = effort(20_000, 200);

const filesPerFolder = 100;

/** Something to carry around, in a temporary folder. */
export interface LocalFiles extends AsyncDisposable {
  readonly folder: string;
  /** A folder with one file of `fileMib`, called `content`. */
  readonly single: string;
  /** A folder with `treeFiles` files of up to 4 KiB, a hundred to a folder. */
  readonly tree: string;
}

export async function createLocalFiles(): Promise<LocalFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'swelancer-bench-files-'));
  const [single, tree] = [join(folder, 'single'), join(folder, 'tree')];
  await mkdir(single);
  const piece = randomBytes(1024 ** 2);
  const file = await open(join(single, 'content'), 'w');
  for (let mib = 0; mib < fileMib; mib++) await file.write(piece);
  await file.close();
  for (let first = 0; first < treeFiles; first += filesPerFolder) {
    const inner = join(tree, `folder-${first}`);
    await mkdir(inner, { recursive: true });
    for (let index = 0; index < filesPerFolder; index++) {
      const size = ((first + index) * 131) % 4096;
      await writeFile(join(inner, `file-${index}.txt`), piece.subarray(index, index + size));
    }
  }
  const dispose = async () => rm(folder, { recursive: true, force: true });
  return { folder, single, tree, [Symbol.asyncDispose]: dispose };
}

/** Removes what a contender brought, after a look whether it is all there. Not part of what is measured. */
export async function removeChecked(folder: string): Promise<void> {
  let files = 0;
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    files += 1;
    bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  const isWhole = files === treeFiles || (files === 1 && bytes === fileMib * 1024 ** 2);
  if (!isWhole) throw new Error(`${folder} has ${files} files with ${bytes} bytes; something was lost.`);
  await rm(folder, { recursive: true });
}
