import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockFolder } from '../../../src/store/lock.js';
import { bundleProgram } from '../../fixtures/process-program.js';

const folder = mkdtempSync(join(tmpdir(), 'swelancer-lock-'));
const contenders: ChildProcess[] = [];
beforeAll(async () => {
  const program = join(folder, 'lock-process.mjs');
  await bundleProgram('test/fixtures/lock-process.ts', program);
  for (let count = 0; count < 6; count++) contenders.push(fork(program));
  await Promise.all(contenders.map(async (contender) => once(contender, 'message')));
});
afterAll(() => {
  for (const contender of contenders) contender.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Nobody has that number: Linux ends at 2^22. */
const dead = { host: hostname(), pid: 2 ** 22 + 1, nonce: 'dead' };

async function ask(contender: ChildProcess, message: { readonly path?: string }): Promise<unknown> {
  const answer = once(contender, 'message');
  contender.send(message);
  return ((await answer) as unknown[])[0];
}

describe('the lock of a folder', () => {
  it('goes to one of the processes that take over a dead one at the same moment, also over a takeover that died', async () => {
    for (let round = 0; round < 60; round++) {
      const path = join(folder, `lock-${round}`);
      writeFileSync(path, JSON.stringify(dead));
      if (round % 3 === 0) writeFileSync(`${path}.takeover`, JSON.stringify(dead));
      const answers = await Promise.all(contenders.map(async (contender) => ask(contender, { path })));
      expect(answers.toSorted()).toEqual(['held', ...Array<string>(5).fill('locked')]);
      await Promise.all(contenders.map(async (contender) => ask(contender, {})));
      expect(readdirSync(folder).filter((name) => name.startsWith('lock-'))).toEqual(['lock-process.mjs']);
    }
  });

  it('of a process that cannot be seen, in a container of the same name, holds for as long as it gives signs of life', async () => {
    const path = join(folder, 'elsewhere');
    writeFileSync(path, JSON.stringify({ ...dead, namespace: 'pid:[1]' }));
    await expect(lockFolder(path)).rejects.toMatchObject({ code: 'store', problem: 'locked' });
    const longAgo = new Date(Date.now() - 600_000);
    utimesSync(path, longAgo, longAgo);
    const lock = await lockFolder(path);
    await expect(lockFolder(path)).rejects.toMatchObject({ problem: 'locked' });
    await lock[Symbol.asyncDispose]();
    expect(existsSync(path)).toBe(false);
  });

  it('is seen to be lost without anything being written, and the other holder gets no signs of life from it', async () => {
    const path = join(folder, 'taken');
    let onLost: (error: unknown) => void = () => undefined;
    const lost = new Promise<unknown>((resolve) => (onLost = resolve));
    const lock = await lockFolder(path, { onLost, signMs: 5 });
    await lock.check();
    const longAgo = new Date(2020, 0, 1);
    // In one step, as a holder is never without its lock.
    writeFileSync(`${path}.other`, JSON.stringify({ ...dead, nonce: 'other' }));
    utimesSync(`${path}.other`, longAgo, longAgo);
    renameSync(`${path}.other`, path);
    expect(await lost).toMatchObject({ code: 'store', problem: 'lost' });
    await expect(lock.check()).rejects.toBe(await lost);
    await lock[Symbol.asyncDispose]();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ nonce: 'other' });
    expect(statSync(path).mtime).toEqual(longAgo);
  });

  it('gives signs of life for as long as it is held', async () => {
    const path = join(folder, 'signed');
    await using lock = await lockFolder(path, { signMs: 5 });
    const longAgo = new Date(2020, 0, 1);
    utimesSync(path, longAgo, longAgo);
    await expect.poll(() => statSync(path).mtimeMs, { timeout: 30_000 }).toBeGreaterThan(longAgo.getTime());
    await lock.check();
  });
});
