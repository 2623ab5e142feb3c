import { readEntries } from '../archive/read-entries.js';

/**
 * The first file of a tar stream, or `'too large'` if it is longer than `maxBytes`.
 * @throws what the stream fails with, and Error when the archive ends early or holds no file
 */
export async function readSingleFile(
  archive: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | 'too large'> {
  for await (const entry of readEntries(archive)) {
    const { size } = entry.header;
    if (size > maxBytes) return 'too large';
    const whole = Buffer.allocUnsafeSlow(size);
    let length = 0;
    // Its typings leave open what a readable stream gives; an entry gives bytes.
    for await (const piece of entry as AsyncIterable<Uint8Array>) {
      whole.set(piece, length);
      length += piece.length;
    }
    if (length === size) return whole;
  }
  throw new Error('the engine sent an archive without the file');
}
