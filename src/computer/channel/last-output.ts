import type { Duplex, Readable } from 'node:stream';
import { settledWithin } from '../deadline.js';

/** Milliseconds without output after which no more is expected of a process that has ended. */
const quietMs = 1000;
/** Milliseconds for output that goes on and on: something else may write for ever. A slow reader has all its time. */
const lastOutputMs = 60_000;

/**
 * Waits for what a process that has ended wrote and is still on its way, over a slow link say: until `told` settles, all
 * of it has arrived, or nothing comes any more and nothing is left to be read. `sources` are what the `readers` read.
 */
export async function lastOutput(
  sources: readonly Readable[],
  readers: readonly Duplex[],
  told?: Promise<unknown>,
): Promise<void> {
  const streams = [...sources, ...readers];
  const closed = allClosed(streams);
  const settled = told === undefined ? closed : Promise.race([told, closed]);
  let received = 0;
  const count = (bytes: Buffer) => (received += bytes.length);
  for (const source of sources) source.on('data', count);
  try {
    const giveUpAt = performance.now() + lastOutputMs;
    for (let before = -1; ; before = received) {
      if (await settledWithin(settled, quietMs)) return;
      if (sources.every(({ closed }) => closed) && readers.every(hasTakenAll)) return;
      if (streams.some(hasUnread)) continue;
      if (received === before || performance.now() > giveUpAt) return;
    }
  } finally {
    for (const source of sources) source.off('data', count);
  }
}

export async function allClosed(streams: readonly Readable[]): Promise<void> {
  await Promise.all(
    streams.map(async (stream) => {
      if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
    }),
  );
}

function hasUnread(stream: Readable): boolean {
  return !stream.destroyed && stream.readableLength > 0;
}

/** What nobody has read may wait in it; nothing that it has not looked at does. */
function hasTakenAll(reader: Duplex): boolean {
  return reader.destroyed || reader.writableLength === 0;
}
