import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { ConformanceFailure } from './assertions.js';

/** A harness of its own process that has a computer. */
export interface HarnessProcess extends AsyncDisposable {
  readonly computerId: string;
  /** As the kernel does for want of memory: it cannot clean up. */
  kill(): Promise<void>;
}

/** Milliseconds for it to start a computer. */
const startMs = 120_000;

/** @throws ConformanceFailure where it does not say the id of its computer */
export async function startHarness(argv: readonly string[]): Promise<HarnessProcess> {
  const [file = '', ...parameters] = argv;
  const child = spawn(file, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const giveUp = AbortSignal.timeout(startMs);
  const line = once(createInterface(child.stdout), 'line', { signal: giveUp }) as Promise<[string]>;
  line.catch(() => undefined);
  const first = await Promise.race([line, ended.then(() => undefined)]).catch(() => undefined);
  if (first === undefined) {
    await kill();
    throw new ConformanceFailure(`The harness ${argv.join(' ')} did not print the id of a computer.`);
  }
  return { computerId: first[0], kill, [Symbol.asyncDispose]: kill };
}
