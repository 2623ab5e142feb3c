import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Deadline, over, settledWithin } from '../../../src/computer/deadline.js';
import { ComputerLostError } from '../../../src/computer/errors.js';

const never = () => new Promise<never>(() => undefined);
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

afterEach(() => void vi.useRealTimers());

describe('Deadline', () => {
  it('tells a time-out', async () => {
    const deadline = new Deadline({ timeoutMs: 1, signal: new AbortController().signal });
    await expect(deadline.race(never(), 'The upload', 1)).rejects.toMatchObject({
      code: 'timeout',
      message: 'The upload took longer than its time limit of 1 ms.',
    });
    expect(deadline.cause).toBe('timeout');
    expect(deadline.signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it("tells an abort and keeps the caller's reason", async () => {
    const caller = new AbortController();
    const deadline = new Deadline({ timeoutMs: 60_000, signal: caller.signal });
    const racing = deadline.race(never(), 'The upload', 1);
    caller.abort('enough');
    await expect(racing).rejects.toMatchObject({ code: 'aborted', name: 'AbortError', cause: 'enough' });
    expect(deadline.cause).toBe('abort');
  });

  it('throws an error of ours that is the reason of a signal', async () => {
    const reason = new ComputerLostError('gone', { reason: 'ended' });
    const deadline = new Deadline({}, undefined, AbortSignal.abort(reason));
    await expect(deadline.race(never(), 'The upload', 1)).rejects.toBe(reason);
  });

  it('is over at once for a signal that has fired, and leaves no listener on the others', () => {
    const other = new AbortController();
    const deadline = new Deadline({ signal: AbortSignal.abort(), timeoutMs: 5 }, other.signal);
    expect(deadline.cause).toBe('abort');
    expect(listeners(other.signal)).toBe(0);
    expect(() => deadline.check('It')).toThrow('It was aborted.');
  });

  it('lets go of signals and timers when disposed, without firing', async () => {
    const caller = new AbortController();
    const deadline = new Deadline({ signal: caller.signal, timeoutMs: 5 });
    expect(await deadline.whileOpen(Promise.resolve('done'))).toBe('done');
    expect(listeners(deadline.signal)).toBe(0);
    deadline[Symbol.dispose]();
    expect(listeners(caller.signal)).toBe(0);
    caller.abort();
    expect(await settledWithin(deadline.whileOpen(never()), 20)).toBe(false);
    expect(deadline.cause).toBeUndefined();
  });

  it('keeps nothing of what it has waited for', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void; // What the flag adds.
    const deadline = new Deadline({ timeoutMs: 600_000 });
    const waitedFor = async () => {
      const result = { bytes: new Uint8Array(1024) };
      await deadline.whileOpen(Promise.resolve(result));
      return new WeakRef(result);
    };
    const results: WeakRef<object>[] = [];
    for (let times = 0; times < 100; times++) results.push(await waitedFor());
    // What a weak reference has given, or was made of, stays until the turn is over.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(results.filter((result) => result.deref() !== undefined).length).toBeLessThan(10);
    deadline[Symbol.dispose]();
  });

  it('does not take a limit longer than a timer for none', async () => {
    for (const timeoutMs of [2 ** 31, 1e15, Infinity]) {
      const deadline = new Deadline({ timeoutMs });
      expect(await settledWithin(deadline.whileOpen(never()), 10)).toBe(false);
      deadline[Symbol.dispose]();
    }
  });

  it('takes care of work that fails after the deadline', async () => {
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const deadline = new Deadline({ timeoutMs: 0 });
    expect(await deadline.whileOpen(work)).toBe(over);
    fail(new Error('too late'));
    // An unhandled rejection would fail the run.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('refuses a limit that is no number', () => {
    for (const timeoutMs of [-1, NaN]) {
      expect(() => new Deadline({ timeoutMs })).toThrow(expect.objectContaining({ code: 'configuration' }));
    }
  });

  it.each([
    ['forward', 2 * 366 * 86_400_000],
    ['back', -2 * 366 * 86_400_000],
  ])('fires neither early nor late when the clock of the wall jumps %s', async (_, jumpMs) => {
    const now = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now });
    const far = new Deadline({ timeoutMs: 600_000 });
    const near = new Deadline({ timeoutMs: 50 });
    vi.setSystemTime(now + jumpMs);
    expect(Math.abs(Date.now() - now)).toBeGreaterThan(86_400_000);
    await expect(near.race(never(), 'The upload', 1)).rejects.toMatchObject({ code: 'timeout' });
    expect(far.cause).toBeUndefined();
    far[Symbol.dispose]();
  });

  it('counts the parts of a limit longer than a timer by a clock that does not jump', () => {
    const now = Date.now();
    const limitMs = 2 ** 31 + 1000;
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout', 'performance'], now });
    const deadline = new Deadline({ timeoutMs: limitMs });
    vi.setSystemTime(now + 10 * limitMs);
    vi.advanceTimersByTime(2 ** 31 - 1);
    vi.setSystemTime(now - 10 * limitMs);
    expect(deadline.cause).toBeUndefined();
    vi.advanceTimersByTime(900);
    expect(deadline.cause).toBeUndefined();
    vi.advanceTimersByTime(200);
    expect(deadline.cause).toBe('timeout');
  });
});
