import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readAhead } from '../../../../src/computer/archive/read-ahead.js';

const piece = Buffer.alloc(64 * 1024, 'a');

/** Gives pieces for ever, and counts them. */
function endless(): { readonly stream: Readable; readonly given: () => number } {
  let given = 0;
  const stream = new Readable({
    read: () => {
      given++;
      stream.push(piece);
    },
  });
  return { stream, given: () => given };
}

test('gives every byte in order', async () => {
  const pieces = Array.from({ length: 1000 }, (_, index) => Buffer.from(`${index},`));
  const read: Uint8Array[] = [];
  for await (const bytes of readAhead(Readable.from(pieces, { objectMode: false }))) read.push(bytes);
  expect(Buffer.concat(read).toString()).toBe(Buffer.concat(pieces).toString());
});

test('reads on while a piece is used, and stops at a few mebibytes', async () => {
  const { stream, given } = endless();
  const reading = readAhead(stream);
  await reading.next();
  let before = -1;
  for (let rounds = 0; given() > before; rounds++) {
    expect(rounds).toBeLessThan(10_000);
    before = given();
    for (let turn = 0; turn < 10; turn++) await setImmediate();
  }
  expect(given() * piece.length).toBeGreaterThan(1024 ** 2);
  expect(given() * piece.length).toBeLessThan(8 * 1024 ** 2);
  await reading.return();
  expect(stream.destroyed).toBe(true);
});

test('gives what came before a failure, and then the failure', async () => {
  let reads = 0;
  const stream = new Readable({
    read: () => {
      if (reads++ === 0) stream.push(piece);
      else stream.destroy(new Error('the link broke'));
    },
  });
  const reading = readAhead(stream);
  expect((await reading.next()).value).toHaveLength(piece.length);
  await expect(reading.next()).rejects.toThrow('the link broke');
});

test('takes a stream that closes without an end for one that was cut off', async () => {
  const { stream } = endless();
  const reading = readAhead(stream);
  await reading.next();
  stream.destroy();
  const rest = async () => {
    for await (const bytes of reading) expect(bytes).toHaveLength(piece.length);
  };
  await expect(rest()).rejects.toThrow('cut off');
});
