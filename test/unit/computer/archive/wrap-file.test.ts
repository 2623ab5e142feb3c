import { buffer } from 'node:stream/consumers';
import { type Extract, extract } from 'tar-stream';
import { expect, test } from 'vitest';
import { wrapFile } from '../../../../src/computer/archive/wrap-file.js';

async function* pieces(...lengths: readonly number[]) {
  for (const length of lengths) yield Buffer.alloc(length, 'x');
}

const header = (size: number) => ({ name: 'file', type: 'file', mode: 0o640, size }) as const;

test.each([0, 1, 511, 512, 513])('%i bytes become an archive that can be read again', async (size) => {
  const entries: Extract = extract();
  entries.end(await buffer(wrapFile(header(size), pieces(size))));
  const found: unknown[] = [];
  for await (const entry of entries) {
    found.push([entry.header.name, entry.header.mode, (await buffer(entry)).length]);
  }
  expect(found).toEqual([['file', 0o640, size]]);
});

test.each([
  ['shorter', [3, 3]],
  ['longer', [3, 3, 3]],
])('content that is %s than promised is no archive', async (_, lengths) => {
  await expect(buffer(wrapFile(header(7), pieces(...lengths)))).rejects.toThrow('7 bytes');
});
