import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline, over, settledWithin } from '../../deadline.js';
import { parseStartFrame } from '../boot.js';
import type { CommandRun } from '../command-run.js';
import type { StartExecution } from '../execute-command.js';
import type { Execution, ExecutionEnd } from '../execution.js';
import { faultSwitch } from '../fault-switch.js';
import type { OutputWriter } from '../output-sink.js';
import { concludeDurable } from './conclude-durable.js';
import { outliveSupervisor } from '../outlive-supervisor.js';
import { canStartAgain, createDurableCommand, type DurableCommand } from './durable-command.js';
import { isFinal, neverStartedError, unreachableError } from './durable-errors.js';
import { defaultReattachTimeoutMs, spoolBytesOf, type DurableOptions } from './durable-options.js';
import { forgetReceived } from './forget-received.js';
import type { SpoolEnd } from './spool-end.js';
import { SpoolReader, type SpoolReading } from './spool-reader.js';
import { removeText } from './spool-text.js';

/** Milliseconds for the last words of a shell that has ended, and for the end of one that has said them. */
const settleMs = 2000;
const removeMs = 10_000;
const firstPauseMs = 100;
const longestPauseMs = 2000;

/** Hands over a shell that tells of a durable command. */
export type StartReading = (
  run: CommandRun,
  reading: SpoolReading,
  signal: AbortSignal,
) => Promise<Execution>;

export interface DurableStarts {
  /** Hands over the shell that begins. */
  readonly start: StartReading;
  /** Hands over those that look for the command after a link was lost. */
  readonly find: StartReading;
  /** As `start`, for a start that did not come about because its link was lost. */
  readonly startAgain: StartReading;
}

/**
 * Starts commands whose output and exit code are kept inside until they have been collected. Nothing is started twice:
 * only who claims the command's folder decides whether it runs, and a search claims it, too.
 */
export function startDurably(options: DurableOptions, starts: DurableStarts): StartExecution {
  return async (run, sink, signal) => {
    const execution = new DurableExecution(run, sink, options, starts);
    await execution.begin(signal);
    return execution;
  };
}

/** A shell inside that sends what the command has written, and what has arrived of it. */
interface Attachment {
  readonly execution: Execution;
  readonly reading: SpoolReading;
}

class DurableExecution implements Execution {
  readonly outlivesLink = true;
  readonly fault: Promise<never>;
  readonly #raise: (error: unknown) => void;
  readonly #run: CommandRun;
  readonly #options: DurableOptions;
  readonly #starts: DurableStarts;
  readonly #nonce = randomBytes(16).toString('hex');
  readonly #reader: SpoolReader;
  readonly #letGo = new AbortController();
  readonly #forget: () => void;
  #command: DurableCommand;
  #attached: Attachment | undefined;
  #ended: Promise<ExecutionEnd> = Promise.resolve(unknownEnd);
  #refusal = '';

  constructor(run: CommandRun, sink: OutputWriter, options: DurableOptions, starts: DurableStarts) {
    this.#run = run;
    this.#options = options;
    this.#starts = starts;
    ({ fault: this.fault, raise: this.#raise } = faultSwitch());
    this.#command = createDurableCommand(run, options);
    const place = { directory: () => this.#command.directory, reader: () => this.#reader };
    const everyBytes = spoolBytesOf(options) / 8;
    this.#forget = forgetReceived(run, place, everyBytes, this.#letGo.signal);
    this.#reader = new SpoolReader(this.#nonce, sink, this.#forget);
  }

  get ended(): Promise<ExecutionEnd> {
    return this.#ended;
  }

  /** A reading ends after all of the output. */
  get drained(): Promise<unknown> {
    return this.#ended;
  }

  async begin(signal: AbortSignal): Promise<void> {
    const first = await this.#start(this.#starts.start, signal);
    this.#ended = this.#collect(first).catch((error: unknown): ExecutionEnd => {
      this.#raise(error);
      return unknownEnd;
    });
  }

  frame() {
    return parseStartFrame(this.#reader.frame ?? '');
  }

  preamble(): string {
    return this.#refusal + this.#reader.preamble;
  }

  stopInput(): void {
    this.#attached?.execution.stopInput();
  }

  release(): void {
    this.#letGo.abort();
    if (this.#options.isFolderOfOne === true) return;
    void this.#run.engine.control.run(removeText(this.#command.directory), removeMs).catch(() => undefined);
  }

  abandon(): void {
    this.#letGo.abort();
    this.#attached?.reading.stop();
    this.#attached?.execution.abandon();
  }

  /** Follows the command to its end, over as many links as it takes. */
  async #collect(first: Attachment): Promise<ExecutionEnd> {
    const { signal } = this.#letGo;
    let lostAt = performance.now();
    let pauseMs = firstPauseMs;
    let received = 0;
    let isOutlived = false;
    for (let attached = first; ; ) {
      const end = await endOf(attached, signal);
      if (signal.aborted) return unknownEnd;
      // Whoever was to start it again has given up, which leaves it to the ordinary start.
      if (end.kind === 'not started' && attached !== first) return end;
      const neverStarted = end.kind === 'told' && end.end.exit === 'unclaimed';
      const isGone = end.kind === 'told' && end.end.exit === 'gone' && !isOutlived;
      if (end.kind === 'told' && !neverStarted && !isGone) {
        return await concludeDurable(this.#run, this.#command, end.end);
      }
      if (isGone) {
        // The command ended the shell that watched it. What it still writes is collected once more.
        const last = await outliveSupervisor(this.#run, () => this.#reader.frame, signal);
        isOutlived = last.kind !== 'lost';
      }
      const answered = attached.execution.frame() !== undefined;
      if (end.kind === 'exited' && !answered && attached === first) {
        // Something before our shell ended the start, and says why.
        this.#refusal = attached.execution.preamble();
        return end;
      }
      if (neverStarted && !canStartAgain(this.#run)) {
        return { kind: 'lost', error: neverStartedError(this.#run) };
      }
      if (answered || attached === first) lostAt = performance.now();
      pauseMs = this.#reader.total > received ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
      received = this.#reader.total;
      if (neverStarted) this.#command = createDurableCommand(this.#run, this.#options);
      const next = await this.#reach(lostAt, pauseMs, async (limit) =>
        neverStarted ? this.#start(this.#starts.startAgain, limit) : this.#search(limit),
      );
      if (next instanceof Error) return { kind: 'lost', error: next };
      attached = next;
      this.#forget();
      if (!neverStarted && !isGone)
        this.#run.options.onReattach?.({ lostMs: Math.round(performance.now() - lostAt) });
    }
  }

  async #start(by: StartReading, limit: AbortSignal): Promise<Attachment> {
    return await this.#attach(by, (reading) => this.#command.startRun(this.#nonce, reading.end), limit);
  }

  async #search(limit: AbortSignal): Promise<Attachment> {
    return await this.#attach(
      this.#starts.find,
      (reading) => this.#command.findRun(reading.end, this.#reader),
      limit,
    );
  }

  async #attach(
    by: StartReading,
    runOf: (reading: SpoolReading) => CommandRun,
    limit: AbortSignal,
  ): Promise<Attachment> {
    const reading = this.#reader.read();
    const execution = await by(runOf(reading), reading, limit);
    execution.fault.catch(this.#raise);
    this.#attached = { execution, reading };
    if (this.#letGo.signal.aborted) this.abandon();
    return this.#attached;
  }

  /** Tries until the machine answers or the time since the loss is over. Gives the error to throw then. */
  async #reach(
    lostAt: number,
    pauseMs: number,
    open: (limit: AbortSignal) => Promise<Attachment>,
  ): Promise<Attachment | Error> {
    const { reattachTimeoutMs = defaultReattachTimeoutMs } = this.#options;
    const { signal } = this.#letGo;
    const until = lostAt + reattachTimeoutMs;
    const leftMs = () => Math.max(until - performance.now(), 0);
    for (let waitMs = pauseMs; ; waitMs = Math.min(waitMs * 2, longestPauseMs)) {
      let failure: unknown;
      await sleep(Math.min(waitMs, leftMs()), undefined, { signal }).catch(() => undefined);
      const deadline = new Deadline({ signal, timeoutMs: leftMs() });
      try {
        const opening = open(deadline.signal);
        const opened = await deadline.whileOpen(opening);
        if (opened !== over) return opened;
        opening.then(({ execution }) => execution.abandon()).catch(() => undefined);
      } catch (error) {
        failure = error;
      } finally {
        deadline[Symbol.dispose]();
      }
      if (signal.aborted || leftMs() <= 0 || isFinal(failure)) {
        return unreachableError(this.#run, this.#command.directory, reattachTimeoutMs, failure);
      }
    }
  }
}

const unknownEnd: ExecutionEnd = { kind: 'exited', exitCode: null, leavesNothing: false };

/** What was told at the end of a reading, or how its shell ended without. Its shell is let go of. */
async function endOf(
  { execution, reading }: Attachment,
  letGo: AbortSignal,
): Promise<{ readonly kind: 'told'; readonly end: SpoolEnd } | ExecutionEnd> {
  using watch = new Deadline({ signal: letGo });
  const told = reading.told.then((end) => ({ kind: 'told' as const, end }));
  const ended = (async () => {
    const end = await execution.ended;
    await settledWithin(Promise.race([told, execution.drained]), settleMs);
    // Both may have come at once, and the words count.
    return await Promise.race([told, Promise.resolve(end)]);
  })();
  const result = await watch.whileOpen(Promise.race([told, ended]));
  if (result === over) return unknownEnd;
  if (result.kind === 'told' && (await settledWithin(execution.ended, settleMs))) execution.release();
  else execution.abandon();
  reading.stop();
  return result;
}
