import { describe, expect, it } from 'vitest';
import {
  Computer,
  ComputerLostError,
  type ComputerDescription,
  officialLayout,
  waitUntilReady,
} from '../../../src/index.js';
import { fakeComputer } from '../../../src/testing/index.js';

const task = { variant: 'ic_swe' } as const;

/** A computer whose looks meet these faults, one after another, and that is ready then. */
function computerThat(faults: readonly Error[], description?: ComputerDescription) {
  const left = [...faults];
  const plain = fakeComputer({
    commands: [
      {
        match: /[^]*/,
        answer: () => {
          const fail = left.shift();
          return fail === undefined ? { stdout: 'done\n' } : { fail };
        },
      },
    ],
  });
  return Computer.from({ ...plain, ...(description && { describe: async () => description }) });
}

const wait = (computer: Computer, timeoutMs = 60_000) =>
  waitUntilReady(computer, task, officialLayout(''), { intervalMs: 1, timeoutMs });

describe('waiting for a set-up', () => {
  it('goes on after a fault on a computer that cannot tell what became of it', async () => {
    await wait(computerThat([new Error('read ECONNRESET'), new Error('read ECONNRESET')]));
  });

  it('ends with a computer that is lost, so that another one is tried', async () => {
    const lost = new ComputerLostError('The link broke.', { reason: 'connection', computerId: 'c' });
    await expect(wait(computerThat([lost]))).rejects.toBe(lost);
    expect(lost.retryable).toBe(true);
  });

  it.each([
    [1, false],
    [137, true],
    [undefined, true],
  ])(
    'ends with a machine that has ended with %s, which another try may not meet: %s',
    async (exitCode, retryable) => {
      const fault = new Error('gone');
      await expect(wait(computerThat([fault], { state: 'ended', exitCode }))).rejects.toMatchObject({
        code: 'computer_start',
        reason: 'died',
        retryable,
        cause: fault,
      });
    },
  );

  it('tells at its deadline what it met last', async () => {
    const fault = new Error('read ECONNRESET');
    await expect(wait(computerThat(Array<Error>(10_000).fill(fault)), 50)).rejects.toMatchObject({
      reason: 'timeout',
      retryable: true,
      cause: fault,
    });
  });
});
