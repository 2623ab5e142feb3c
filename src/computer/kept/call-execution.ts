import { randomBytes } from 'node:crypto';
import { isSweLancerError } from '../../errors.js';
import type { Environment } from '../../redaction.js';
import type { CommandResult, OutputStream, ShellCommandOptions } from '../computer-interface.js';
import { settledWithin } from '../deadline.js';
import { CommandSpawnError, ComputerLostError } from '../errors.js';
import { parseStartFrame } from '../shell/boot.js';
import { startError } from '../shell/command-errors.js';
import type { CommandRun } from '../shell/command-run.js';
import type { DurableStarts, StartReading } from '../shell/durable/durable-execution.js';
import type { SpoolReading } from '../shell/durable/spool-reader.js';
import type { Execution, ExecutionEnd } from '../shell/execution.js';
import { faultSwitch } from '../shell/fault-switch.js';
import { FrameScanner } from '../shell/frame-scanner.js';
import { markerVariable } from '../shell/process-kill.js';
import type { SendCommand } from './send-command.js';
import { wholeStream } from './whole-text.js';

/** Milliseconds for the computer to say that it is there again. */
const answerMs = 10_000;
/** Starts that fail without a word before that is taken for the computer's answer, and not for its link's. */
const mostRefusals = 3;
/** Bytes of each stream to keep where the computer does not call `onOutput`, so that nothing is cut out of a reading. */
const wholeBytes = 2 ** 30;

export interface CallOptions {
  readonly send: SendCommand;
  /** The command's own, and not in its text, which may be seen in a list of processes. */
  readonly environment: Environment;
  readonly streamsOutput: boolean;
  /** Called with what the shells around the command gave. */
  readonly onResult: (result: CommandResult) => void;
}

/**
 * Hands the shells of a durable command to a computer that knows whole commands only. A plain error, and a lost connection,
 * say nothing of what became of the command, which is looked for then; any other error of ours is final.
 */
export function callStarts(options: CallOptions): DurableStarts {
  const refusals: string[] = [];
  const start: StartReading = async (run, reading, signal) => {
    // Whoever gave the command up has been told that nothing of it runs.
    signal.throwIfAborted();
    const call = new CallExecution(run, reading, options, options.environment);
    const ended = call.ended.then((end): ExecutionEnd => {
      if (call.frame() !== undefined) return end;
      // It may have begun all the same: a client whose link breaks may end like a command.
      const error = end.kind === 'lost' ? end.error : startError(run, call.preamble(), end.exitCode);
      refusals.push(error.message);
      return { kind: 'lost', error };
    });
    return executionOf(call, ended);
  };
  const find: StartReading = async (run, reading, signal) => {
    await expectAnswer(options.send, run, signal);
    const call = new CallExecution(run, reading, options, {});
    return executionOf(call, call.ended);
  };
  const startAgain: StartReading = async (run, reading, signal) => {
    if (refusals.length < mostRefusals) return start(run, reading, signal);
    run.engine.degraded(
      `A command could not be made durable, its start failed ${mostRefusals} times. It runs as an ordinary one. ${refusals.at(-1)}`,
    );
    return notStarted;
  };
  return { start, find, startAgain };
}

/** Only who answers a word of ours is there again; a call that does not fail yet says nothing. */
async function expectAnswer(send: SendCommand, run: CommandRun, limit: AbortSignal): Promise<void> {
  const word = randomBytes(8).toString('hex');
  const letGo = new AbortController();
  const signal = AbortSignal.any([limit, letGo.signal]);
  const answer = send(`echo ${word}`, { signal, timeoutMs: answerMs });
  const isSettled = await settledWithin(answer, answerMs);
  letGo.abort();
  answer.catch(() => undefined);
  if (isSettled && (await answer).stdout.includes(word)) return;
  throw new ComputerLostError(`Computer ${run.engine.computerId} does not answer.`, {
    computerId: run.engine.computerId,
    reason: 'connection',
  });
}

/** What was found not to have begun, and is not tried again. */
const notStarted: Execution = {
  ended: Promise.resolve({ kind: 'not started' }),
  drained: Promise.resolve(),
  fault: faultSwitch().fault,
  frame: () => undefined,
  preamble: () => '',
  stopInput: () => undefined,
  release: () => undefined,
  abandon: () => undefined,
};

function executionOf(call: CallExecution, ended: Promise<ExecutionEnd>): Execution {
  return {
    ended,
    drained: ended,
    fault: call.fault,
    frame: () => call.frame(),
    preamble: () => call.preamble(),
    stopInput: () => call.stopInput(),
    release: () => call.stopInput(),
    abandon: () => call.abandon(),
  };
}

type CallEnd = Exclude<ExecutionEnd, { readonly kind: 'not started' }>;

/** One call that runs a shell of ours, whose output goes to a reading. */
class CallExecution {
  readonly ended: Promise<CallEnd>;
  readonly fault: Promise<never>;
  readonly raise: (error: unknown) => void;
  readonly #reading: SpoolReading;
  readonly #scanners: Readonly<Record<OutputStream, FrameScanner>>;
  readonly #nonce = randomBytes(16).toString('hex');
  readonly #letGo = new AbortController();
  readonly #input = new AbortController();
  readonly #heard = new Set<OutputStream>();
  #said = '';

  constructor(
    run: CommandRun,
    reading: SpoolReading,
    { send, streamsOutput, onResult }: CallOptions,
    environment: Environment,
  ) {
    this.#reading = reading;
    this.#scanners = { stdout: new FrameScanner(this.#nonce), stderr: new FrameScanner(this.#nonce) };
    ({ fault: this.fault, raise: this.raise } = faultSwitch());
    const frame = `printf '${this.#nonce} started %s  \\n' $$`;
    const { stdin, user } = run.options;
    const options: ShellCommandOptions = {
      env: { ...environment, [markerVariable]: run.marker },
      user,
      label: run.title,
      signal: this.#letGo.signal,
      stdin: stdin === undefined ? undefined : this.#feed(stdin),
      onOutput: ({ stream, bytes }) => this.#write(stream, bytes),
      ...(!streamsOutput && { output: { headBytes: wholeBytes, tailBytes: 0 } }),
    };
    this.ended = send(`${frame}\n${frame} >&2\n${run.command}`, options).then(
      (result): CallEnd => {
        onResult(result);
        this.#take(result);
        const exitCode = Number.isInteger(result.exitCode) ? result.exitCode : null;
        return { kind: 'exited', exitCode, leavesNothing: false };
      },
      (error: unknown): CallEnd => {
        if (isFinal(error)) this.raise(ofCommand(error, run));
        return { kind: 'lost', error: error instanceof Error ? error : new Error(String(error)) };
      },
    );
  }

  frame() {
    return parseStartFrame(this.#scanners.stderr.frame ?? this.#scanners.stdout.frame ?? '');
  }

  preamble(): string {
    return this.#scanners.stdout.preamble + this.#scanners.stderr.preamble + this.#said;
  }

  stopInput(): void {
    this.#input.abort();
  }

  abandon(): void {
    this.#input.abort();
    this.#letGo.abort();
  }

  #write(stream: OutputStream, bytes: Uint8Array): void {
    if (bytes.length > 0) this.#heard.add(stream);
    try {
      this.#reading.write(stream, this.#scanners[stream].push(bytes))?.catch(this.raise);
    } catch (error) {
      this.raise(error);
    }
  }

  /** What was not told by `onOutput`. A stream that is not whole counts for nothing: its bytes have no place. */
  #take(result: CommandResult): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#heard.has(stream)) continue;
      const bytes = wholeStream(result, stream, this.#reading.end);
      if (bytes !== undefined) this.#write(stream, bytes);
      else this.#said += ((result[stream] as string | undefined) ?? '').slice(-1000);
    }
  }

  async *#feed(
    input: NonNullable<ShellCommandOptions['stdin']>,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    if (typeof input === 'string' || input instanceof Uint8Array) {
      yield Buffer.from(input);
      return;
    }
    const { signal } = this.#input;
    const iterator = input[Symbol.asyncIterator]();
    const stopped = new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    while (!signal.aborted) {
      const next = iterator.next();
      try {
        const piece = await Promise.race([next, stopped]);
        if (piece === undefined || piece.done === true) break;
        yield piece.value;
      } catch (error) {
        this.raise(error);
        throw error;
      }
    }
    void iterator.return?.().catch(() => undefined);
  }
}

/** The error names the command, and not what we have sent in its place. */
function ofCommand(error: unknown, { redactedCommand, engine }: CommandRun): unknown {
  if (!(error instanceof CommandSpawnError)) return error;
  const { message, reason } = error;
  const { computerId } = engine;
  return new CommandSpawnError(message, { computerId, command: redactedCommand, reason, cause: error });
}

/** Whether an error of the computer says what became of the command: a lost connection and a plain error do not. */
export function isFinal(error: unknown): boolean {
  if (!isSweLancerError(error)) return false;
  return !(error instanceof ComputerLostError && error.reason === 'connection');
}
