import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ReceivedPieces } from '../../../../src/computer/docker/received-pieces.js';

let folder: string;
let server: Server;
const path = () => join(folder, 'socket');

async function serve(answer: (socket: Socket) => void): Promise<void> {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(path(), resolve));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'swelancer-received-'));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

test('gives what comes after the first line, and keeps each piece until the second one after it', async () => {
  const content = randomBytes(9 * 1024 * 1024 + 77);
  await serve((socket) => socket.end(Buffer.concat([Buffer.from('head\n'), content])));
  const received = new ReceivedPieces(path());
  expect((await received.firstUpTo('\n'))?.toString()).toBe('head\n');
  let offset = 0;
  let last: { readonly piece: Buffer; readonly offset: number } | undefined;
  for await (const piece of received.read(5)) {
    // Time for the connection to read on, as far as it may.
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    for (const held of [last, { piece, offset }]) {
      if (held === undefined) continue;
      const { length } = held.piece;
      expect(held.piece.equals(content.subarray(held.offset, held.offset + length))).toBe(true);
    }
    last = { piece, offset };
    offset += piece.length;
  }
  expect(offset).toBe(content.length);
});

test('has no first line where the connection ends, or goes on for a whole piece, without one', async () => {
  await serve((socket) => socket.end('head'));
  expect(await new ReceivedPieces(path()).firstUpTo('\n')).toBeUndefined();
  await new Promise((resolve) => server.close(resolve));
  await serve((socket) => socket.write(Buffer.alloc(3 * 1024 * 1024, 'x')));
  const endless = new ReceivedPieces(path());
  expect(await endless.firstUpTo('\n')).toBeUndefined();
  endless.destroy();
});

test('ends with its reader, and breaks with what it is destroyed with', async () => {
  const gone: Promise<void>[] = [];
  await serve((socket) => {
    gone.push(new Promise((resolve) => socket.once('close', () => resolve())));
    socket.write(Buffer.alloc(9 * 1024 * 1024, 'x'));
  });
  for await (const piece of new ReceivedPieces(path()).read(0)) if (piece.length > 0) break;
  const received = new ReceivedPieces(path());
  const reading = received.read(0);
  await reading.next();
  received.destroy(new Error('enough'));
  await expect(reading.next()).rejects.toThrow('enough');
  await Promise.all(gone);
  expect(gone).toHaveLength(2);
});
