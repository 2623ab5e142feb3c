import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandComputer } from '../../../src/computer/command/index.js';

/** Runs its arguments, and makes an `a` of each byte 255 that they print: the length stays, and so does all plain text. */
const damagingClient = `
const { spawn } = require('node:child_process');
const [file, ...parameters] = process.argv.slice(1);
const child = spawn(file, parameters, { stdio: ['inherit', 'pipe', 'inherit'] });
child.stdout.on('data', (bytes) => process.stdout.write(bytes.map((byte) => (byte === 255 ? 97 : byte))));
child.on('exit', (code, signal) => { process.exitCode = code ?? 1; });
`;

test('a download whose bytes a client has changed is refused, and worth another try', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'swelancer-damaged-'));
  const computer = await commandComputer({
    prefix: [process.execPath, '-e', damagingClient, '--'],
  });
  try {
    const content = randomBytes(100_000).map((byte) => Math.min(byte, 254));
    await writeFile(join(folder, 'spared'), content);
    expect(Buffer.from(await computer.download(join(folder, 'spared'))).equals(content)).toBe(true);
    content[50_000] = 255;
    await writeFile(join(folder, 'changed'), content);
    await expect(computer.download(join(folder, 'changed'))).rejects.toMatchObject({
      code: 'remote_file',
      reason: 'other',
      retryable: true,
      message: expect.stringMatching(/damaged on the way/),
    });
  } finally {
    await computer.cleanup();
    await rm(folder, { recursive: true, force: true });
  }
});
