import type { CommandResult, KillReport } from '../computer-interface.js';
import { Deadline, over, settledWithin } from '../deadline.js';
import type { StartFrame } from './boot.js';
import { directoryError, endedError, lostError, nothingToKill, startError } from './command-errors.js';
import type { CommandRun } from './command-run.js';
import { endProcesses } from './end-processes.js';
import type { Execution, ExecutionEnd } from './execution.js';
import { OutputSink, type OutputWriter } from './output-sink.js';
import { continueParent, continueStopped } from './watch-supervisor.js';
import { countScript, type ProcessQuery, parseProcessReport } from './process-kill.js';

const defaultKillGraceMs = 5000;
/** Milliseconds a background child may keep the streams open after the main process has ended. */
const drainMs = 250;
/** Milliseconds for an ended process to be noticed, and for a start that was given up to turn out. */
const settleMs = 2000;
const countTimeoutMs = 2000;

/** Hands a command over. Follows the signal where it can; what starts late is abandoned. */
export type StartExecution = (run: CommandRun, sink: OutputWriter, signal: AbortSignal) => Promise<Execution>;

/** Runs one command to its end, its deadline or its abort, with whatever `starts` it; the later ones are fallbacks. */
export async function executeCommand(
  run: CommandRun,
  ...[start, ...fallbacks]: [StartExecution, ...StartExecution[]]
): Promise<CommandResult> {
  const sink = new OutputSink(run.options);
  const deadline = new Deadline(run.options, run.engine.closing);
  try {
    for (;;) {
      const execution = await begin(run, start, deadline, sink);
      let end: ExecutionEnd | typeof over;
      const letGo = new AbortController();
      if (execution.watchesSupervisor !== true) {
        void continueStopped(run, () => parentOf(execution.frame()), letGo.signal);
      }
      try {
        end = await deadline.whileOpen(Promise.race([execution.ended, execution.fault]));
      } catch (fault) {
        await endExecution(run, execution, sink);
        throw fault;
      } finally {
        letGo.abort();
      }
      if (end === over) throw await endEarly(run, deadline, execution, sink);
      const fallback = end.kind === 'not started' ? fallbacks.shift() : undefined;
      if (fallback !== undefined) {
        execution.abandon();
        start = fallback;
        continue;
      }
      return await complete(run, end, execution, sink);
    }
  } finally {
    deadline[Symbol.dispose]();
  }
}

async function begin(
  run: CommandRun,
  start: StartExecution,
  deadline: Deadline,
  sink: OutputSink,
): Promise<Execution> {
  const giveUp = async (kill: KillReport) => {
    if (run.engine.closing.aborted) return run.engine.closing.reason as Error; // Set by the engine itself.
    return endedError(run, causeOf(deadline), await sink.finish(null, kill.survivors), kill);
  };
  if (deadline.signal.aborted) throw await giveUp(nothingToKill);
  const starting = start(run, sink, deadline.signal);
  let execution: Execution | typeof over;
  try {
    execution = await deadline.whileOpen(starting);
  } catch (error) {
    // A transport that follows the signal may reject before we notice it ourselves.
    if (deadline.cause === undefined) throw error;
    execution = over;
  }
  if (execution !== over) return execution;
  // It may start at this very moment.
  const abandoned = starting.then(
    (late) => late.abandon(),
    () => undefined,
  );
  if (run.engine.closing.aborted) throw await giveUp(nothingToKill);
  await settledWithin(abandoned, settleMs);
  throw await giveUp(
    await endProcesses({ control: run.engine.control, query: { marker: run.marker }, graceMs: 0 }),
  );
}

/** The main process has ended, or the link is gone. */
async function complete(
  run: CommandRun,
  end: ExecutionEnd,
  execution: Execution,
  sink: OutputSink,
): Promise<CommandResult> {
  execution.stopInput();
  if (end.kind === 'lost') {
    execution.abandon();
    await sink.finish(null, null);
    throw await lostError(run, end.error);
  }
  await settledWithin(execution.drained, drainMs);
  execution.release();
  const frame = execution.frame();
  const exitCode = end.kind === 'exited' ? end.exitCode : null;
  if (frame?.kind === 'started') {
    const isClean = end.kind === 'exited' && end.leavesNothing;
    return await sink.finish(exitCode, isClean ? 0 : await countLeftovers(run, frame));
  }
  await sink.finish(exitCode, 0);
  throw frame === undefined ? startError(run, execution.preamble(), exitCode) : directoryError(run);
}

/** The deadline passed, the caller's signal fired or the computer is being given back. Gives the error to throw. */
async function endEarly(
  run: CommandRun,
  deadline: Deadline,
  execution: Execution,
  sink: OutputSink,
): Promise<Error> {
  if (run.engine.closing.aborted) {
    // Whoever gives the computer back ends everything on it.
    execution.stopInput();
    execution.abandon();
    await sink.finish(null, null);
    return run.engine.closing.reason as Error; // Set by the engine itself.
  }
  const { partial, kill } = await endExecution(run, execution, sink);
  return endedError(run, causeOf(deadline), partial, kill);
}

async function endExecution(run: CommandRun, execution: Execution, sink: OutputSink) {
  execution.stopInput();
  const { control } = run.engine;
  const frame = execution.frame();
  // A command may have stopped it; it is to end, too.
  if (execution.watchesSupervisor !== true) void continueParent(control, parentOf(frame));
  let kill = await endProcesses({
    control,
    query: processQuery(run, frame),
    graceMs: run.options.killGraceMs ?? defaultKillGraceMs,
    mainEnded: execution.ended,
  });
  if (execution.outlivesLink === true && kill.survivors === null) run.engine.killLater(run.marker);
  const hasEnded = await settledWithin(execution.ended, settleMs);
  if (kill.outcome === 'confirmed' && (frame === undefined || !hasEnded)) {
    // Its shell may have been about to start when nothing of it was found.
    const { killed } = kill;
    const again = await endProcesses({ control, query: processQuery(run, execution.frame()), graceMs: 0 });
    kill = { ...again, killed: killed + again.killed };
  }
  const end = hasEnded || (await settledWithin(execution.ended, drainMs)) ? await execution.ended : undefined;
  await settledWithin(execution.drained, drainMs);
  if (end?.kind === 'exited' && kill.outcome === 'confirmed') execution.release();
  else execution.abandon();
  const exitCode = end?.kind === 'exited' ? end.exitCode : null;
  return { kill, partial: await sink.finish(exitCode, kill.survivors) };
}

async function countLeftovers(
  run: CommandRun,
  frame: StartFrame & { readonly kind: 'started' },
): Promise<number | null> {
  try {
    const output = await run.engine.control.run(
      countScript({ ...processQuery(run, frame), others: frame.others }),
      countTimeoutMs,
    );
    const report = parseProcessReport(output);
    // To have found none is no proof that there is none.
    if (report === undefined || (report.left === 0 && !report.isComplete)) return null;
    return report.left;
  } catch {
    return null;
  }
}

function parentOf(frame: StartFrame | undefined): number | undefined {
  return frame?.kind === 'started' ? frame.parent : undefined;
}

function processQuery({ marker }: CommandRun, frame: StartFrame | undefined): ProcessQuery {
  if (frame?.kind !== 'started') return { marker };
  const { pid, startTime } = frame;
  if (startTime === undefined) return { marker, group: pid };
  return { marker, group: pid, startedSince: startTime, known: [`${pid}:${startTime}`] };
}

function causeOf(deadline: Deadline): { kind: 'timeout' } | { kind: 'abort'; reason: unknown } {
  if (deadline.cause === 'timeout') return { kind: 'timeout' };
  return { kind: 'abort', reason: deadline.reason };
}
