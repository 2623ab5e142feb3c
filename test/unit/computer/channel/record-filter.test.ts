import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecordFilter } from '../../../../src/computer/channel/record-filter.js';

const nonce = '0123456789abcdef0123456789abcdef';
const record = (text: string) => Buffer.from(`\x1e${nonce} ${text}\n`, 'latin1');

/** What comes through, and the records, when `bytes` arrive in pieces that end at `cuts`. */
async function filter(bytes: Buffer, cuts: readonly number[]) {
  const records: string[] = [];
  const stream = new RecordFilter(nonce, (text) => records.push(text));
  const passed: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => passed.push(chunk));
  const ended = new Promise((resolve) => stream.once('end', resolve));
  let from = 0;
  for (const cut of [...cuts, bytes.length].sort((left, right) => left - right)) {
    stream.write(bytes.subarray(from, cut));
    from = cut;
  }
  stream.end();
  await ended;
  return { records, passed: Buffer.concat(passed), preamble: stream.preamble };
}

test('records are found and taken out wherever the stream is cut', async () => {
  // Bytes that records are made of come up often.
  const byte = fc.constantFrom(0x1e, 0x30, 0x31, 0x0a, 0xff, 0x20);
  const content = fc.array(byte, { maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  await fc.assert(
    fc.asyncProperty(
      content,
      content,
      content,
      fc.array(fc.nat(220), { maxLength: 8 }),
      async (before, output, late, cuts) => {
        const bytes = Buffer.concat([before, record('started'), output, record('exit 3'), late]);
        const result = await filter(
          bytes,
          cuts.filter((cut) => cut < bytes.length),
        );
        expect(result.records).toEqual(['started', 'exit 3']);
        expect(result.passed.equals(Buffer.concat([output, late]))).toBe(true);
        expect(result.preamble).toBe(before.toString());
      },
    ),
  );
});

test('an output that ends like the beginning of a record is given out at the end', async () => {
  const half = record('exit 0').subarray(0, 20);
  const result = await filter(Buffer.concat([record('started'), half]), []);
  expect(result.passed.equals(half)).toBe(true);
});

test('what is said in place of a start is kept, within bounds, and passed on at the end', async () => {
  const result = await filter(Buffer.from(`${'x'.repeat(100_000)} permission denied`), [50_000]);
  expect(result.passed.toString()).toBe(result.preamble);
  expect(result.preamble).toMatch(/permission denied$/);
  expect(result.preamble.length).toBeLessThan(10_000);
});
