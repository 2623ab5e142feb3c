import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { extract } from 'tar-stream';

/**
 * The first file of a tar stream, or `'too large'` if it is longer than `maxBytes`.
 * @throws what the stream fails with, and Error when the archive ends early or holds no file
 */
export async function readSingleFile(archive: Readable, maxBytes: number): Promise<Uint8Array | 'too large'> {
  const entries = extract();
  const result = new Promise<Uint8Array | 'too large'>((resolve, reject) => {
    entries.on('entry', (header, content, next) => {
      if (header.size > maxBytes) {
        resolve('too large');
        return;
      }
      const whole = Buffer.allocUnsafeSlow(header.size);
      let length = 0;
      content.on('data', (data) => {
        const chunk = data as Buffer; // Its types leave open what a stream carries.
        length += chunk.copy(whole, length);
      });
      content.on('end', () => {
        if (length === header.size) resolve(whole);
        next();
      });
      content.on('error', reject);
    });
    entries.on('finish', () => reject(new Error('the engine sent an archive without the file')));
    entries.on('error', reject);
    finished(archive, { writable: false }).catch(reject);
  });
  archive.pipe(entries);
  try {
    return await result;
  } finally {
    archive.unpipe(entries);
    archive.destroy();
    entries.destroy();
  }
}
