import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { CallOptions } from '../computer-interface.js';
import { Deadline } from '../deadline.js';
import { callEngineTwice } from './engine-call.js';

/**
 * Keeps the start of a process and a pause of its container apart. An engine (Docker 20.10) that freezes a container while
 * it starts a process there waits for that start for ever, and everything that looks at its containers waits for it.
 */
interface Gate {
  /** Calls to the engine that begin something inside. */
  readonly calls: Set<Promise<unknown>>;
  /** Execs whose connections are open. The engine answers before it starts them. */
  readonly open: Set<string>;
  /** Settles when nobody wants the container to stand still any more. Never rejects. */
  still: Promise<unknown> | undefined;
}

const gates = new Map<string, Gate>();

const lookAfterMs = 20;
/** Milliseconds for the starts under way. One that takes longer does not come about any more. */
const startsMs = 10_000;

/** Waits while a container stands still, which is no time that its engine takes to answer. @throws as `Deadline.race` */
export async function whenMoving(containerId: string, limits: CallOptions): Promise<void> {
  if (gates.get(containerId)?.still === undefined) return;
  using deadline = new Deadline(limits);
  for (let still; (still = gates.get(containerId)?.still) !== undefined; )
    await deadline.race(still, 'The wait for a snapshot that is being made', 0);
}

/** Runs a call that begins something in a container, while it does not stand still. @throws the signal's reason */
export async function whileMoving<T>(
  containerId: string,
  signal: AbortSignal,
  call: () => Promise<T>,
): Promise<T> {
  await whenMoving(containerId, { signal });
  signal.throwIfAborted();
  const gate = gateOf(containerId);
  const calling = call();
  gate.calls.add(calling);
  try {
    return await calling;
  } finally {
    gate.calls.delete(calling);
    forget(containerId, gate);
  }
}

/** An exec is told to start. To be called back when its connection is closed. */
export function startOf(containerId: string, execId: string): () => void {
  gateOf(containerId).open.add(execId);
  return () => {
    const gate = gateOf(containerId);
    gate.open.delete(execId);
    forget(containerId, gate);
  };
}

/** Runs a call that has the engine pause a container, when all that is being started there runs. */
export async function whileStill<T>(docker: Docker, containerId: string, call: () => Promise<T>): Promise<T> {
  let gate = gateOf(containerId);
  while (gate.still !== undefined) {
    await gate.still;
    gate = gateOf(containerId);
  }
  const { calls, open } = gate;
  const work = (async () => {
    await Promise.allSettled(calls);
    const giveUpAt = performance.now() + startsMs;
    for (const execId of open) {
      while (!(await hasStarted(docker, execId)) && performance.now() < giveUpAt) await sleep(lookAfterMs);
    }
    return await call();
  })();
  gate.still = work.catch(() => undefined);
  try {
    return await work;
  } finally {
    gate.still = undefined;
    forget(containerId, gate);
  }
}

async function hasStarted(docker: Docker, execId: string): Promise<boolean> {
  try {
    const { Pid: pid, ExitCode: exitCode } = await callEngineTwice(
      (abortSignal) => docker.getExec(execId).inspect({ abortSignal }),
      { timeoutMs: startsMs },
    );
    return pid !== 0 || exitCode !== null;
  } catch {
    // The engine does not know it any more.
    return true;
  }
}

function gateOf(containerId: string): Gate {
  const gate = gates.get(containerId) ?? { calls: new Set(), open: new Set(), still: undefined };
  gates.set(containerId, gate);
  return gate;
}

function forget(containerId: string, { calls, open, still }: Gate): void {
  if (calls.size === 0 && open.size === 0 && still === undefined) gates.delete(containerId);
}
