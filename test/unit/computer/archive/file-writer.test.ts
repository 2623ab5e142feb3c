import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileWriter } from '../../../../src/computer/archive/file-writer.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'swelancer-writer-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const mebibyte = 1024 * 1024;

/** Pieces that are all in the same memory, and nothing any more when the next one is asked for. */
async function* overwritten(...pieces: readonly Buffer[]) {
  const memory = Buffer.alloc(Math.max(...pieces.map(({ length }) => length)));
  for (const piece of pieces) {
    memory.set(piece);
    yield await Promise.resolve(memory.subarray(0, piece.length));
    memory.fill('?');
  }
}

test.each([
  ['small', [10, 20_000]],
  ['of one piece', [mebibyte]],
  ['of many pieces', [3 * mebibyte + 5, 1, 65_536, mebibyte, mebibyte - 1]],
])('a %s file is what was given, whatever becomes of the memory it came in', async (name, sizes) => {
  const pieces = sizes.map((size, index) => Buffer.alloc(size, `${index}${'abcdefg'.slice(index)}`));
  const whole = Buffer.concat(pieces);
  const writer = new FileWriter();
  await writer.write(join(folder, name), whole.length, 0o600, overwritten(...pieces));
  await writer.settled();
  expect(readFileSync(join(folder, name)).equals(whole)).toBe(true);
});
