import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { StoredRun } from '../../../src/index.js';
import { describeDocker, docker } from '../../fixtures/docker.js';
import { startRegistry } from '../../fixtures/image-registry.js';
import { startProgram } from '../../fixtures/process-program.js';

const work = mkdtempSync(join(tmpdir(), 'swelancer-fetched-'));
const program = resolve('test/fixtures/fetching-process.ts');
afterAll(() => rmSync(work, { recursive: true, force: true }));

const isThere = (image: string) =>
  docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );

/** Kills the evaluation when its first sample has ended, and goes on with it. */
async function killAndGoOn(name: string, image: string): Promise<void> {
  const store = join(work, name);
  const killed = startProgram(program, [store, image, '2']);
  expect(await killed.ended, killed.errors()).toBe('SIGKILL');
  expect(await isThere(image)).toBe(true);
  const last = startProgram(program, [store, image]);
  expect(await last.ended, last.errors()).toBe(0);
  expect(await (await StoredRun.open(store)).records()).toMatchObject([
    { status: 'error', error: { code: 'computer_start' } },
    { status: 'error', error: { code: 'computer_start' } },
  ]);
}

describeDocker('an evaluation whose process was killed', () => {
  it('lets the image go that the process had fetched, and no image that was there before it', async () => {
    await using fetched = await startRegistry({});
    const image = `${fetched.address}/tiny:latest`;
    await killAndGoOn('fetched', image);
    expect(await isThere(image)).toBe(false);

    await using pulled = await startRegistry({});
    const before = `${pulled.address}/tiny:latest`;
    const stream = await docker.pull(before);
    await new Promise((resolve) => docker.modem.followProgress(stream, resolve));
    await killAndGoOn('there', before);
    expect(await isThere(before)).toBe(true);
    await docker.getImage(before).remove();
  });
});
