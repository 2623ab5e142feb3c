import type { ChannelExit } from '../shell/shell-transport.js';
import { type DockerContainer, lossBehind, lossOf } from './docker-container.js';
import { inspectExec } from './docker-exec.js';
import { isConnectionFailure } from './engine-error.js';
import { countMemoryKills } from './memory-kills.js';
import type { StreamDemultiplexer } from './stream-demultiplexer.js';

/**
 * Milliseconds between looks at a running exec. The engine's event is quicker, except that it comes two seconds late
 * for a process whose children still hold its output; later looks notice an engine that fell silent.
 */
const lookAfterMs = [100, 300, 1000, 3000, 10_000, 30_000] as const;
/** Milliseconds the engine gets to book an exec whose output has ended as ended. */
const settleMs = 5000;
/** Milliseconds without output after which a process that has ended is taken to have said everything. */
const quietMs = 150;
/** Milliseconds the output of an ended process may go on before it is taken for that of a child it left running. */
const outputAfterEndMs = 5000;
/** A process killed by KILL, which is also how a process ends together with its container. */
const killedExitCode = 137;

/** Finds out how an exec ends: from the engine's events, the end of its output, or by asking. */
export class ExecExit {
  /** Never rejects. */
  readonly promise: Promise<ChannelExit>;
  readonly #container: DockerContainer;
  readonly #execId: string;
  readonly #observation: Disposable;
  #resolve: (exit: ChannelExit) => void = () => undefined;
  #settled = false;
  #looks = 0;
  #timer: NodeJS.Timeout | undefined;
  #outputEndedAt: number | undefined;
  #output: StreamDemultiplexer | undefined;
  #ended = false;
  #onOutputEnd: (() => void) | undefined;

  constructor(container: DockerContainer, execId: string) {
    this.#container = container;
    this.#execId = execId;
    this.promise = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#observation = container.watch.observe(execId, {
      exited: (exitCode) => void this.#exited(exitCode),
      lost: (end) => void lossOf(container, end).then((error) => this.#settle({ kind: 'lost', error })),
    });
    this.#lookLater();
  }

  /** What the process writes: its end is told after its last words. */
  follow(output: StreamDemultiplexer): void {
    this.#output = output;
  }

  /** The connection carries no more output: the process has ended, or the link broke. */
  outputEnded(): void {
    this.#outputEndedAt ??= performance.now();
    this.#onOutputEnd?.();
    if (!this.#ended) void this.#look();
  }

  /** Nobody waits for the end any more. */
  letGo(): void {
    this.#settle({ kind: 'exited', exitCode: null });
  }

  #lookLater(): void {
    if (this.#settled || this.#ended) return;
    const waitMs = this.#outputEndedAt === undefined ? (lookAfterMs[this.#looks++] ?? lookAfterMs[5]) : 20;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), waitMs);
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#settled || this.#ended) return;
    try {
      const { running, exitCode } = await inspectExec(this.#container, this.#execId);
      // Without an exit code it has not ended but not begun: starting takes a while on a busy engine. Podman says 0 then,
      // and lets go of the output of whatever has ended.
      const mayBeNew = this.#container.isPodman && this.#outputEndedAt === undefined;
      if (!running && exitCode !== null && !mayBeNew) await this.#exited(exitCode);
      else if (this.#outputEndedAt !== undefined && performance.now() - this.#outputEndedAt > settleMs) {
        const error = await lossOf(this.#container, { reason: 'connection', exitCode: null });
        this.#settle({ kind: 'lost', error });
      } else this.#lookLater();
    } catch (error) {
      const loss = await lossBehind(this.#container, error);
      if (loss !== undefined) this.#settle({ kind: 'lost', error: loss });
      else if (isConnectionFailure(error)) this.#lookLater();
      else this.#settle({ kind: 'exited', exitCode: null });
    }
  }

  async #exited(exitCode: number | null): Promise<void> {
    if (this.#settled || this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    if (exitCode === killedExitCode && (await countMemoryKills(this.#container)) === undefined) {
      // Nothing can be run any more. Whatever ended the container is about to be told.
      const end = await this.#container.watch.endWithin(2000);
      if (end !== undefined) {
        this.#settle({ kind: 'lost', error: await lossOf(this.#container, end) });
        return;
      }
    }
    await this.#lastWords();
    this.#settle({ kind: 'exited', exitCode });
  }

  async #lastWords(): Promise<void> {
    const output = this.#output;
    const giveUpAt = performance.now() + outputAfterEndMs;
    let received = -1;
    while (output !== undefined && this.#outputEndedAt === undefined && !this.#settled) {
      const quiet = output.receivedBytes === received && !output.blocked;
      if (quiet || performance.now() > giveUpAt) return;
      received = output.receivedBytes;
      await this.#outputEndWithin(quietMs);
    }
  }

  async #outputEndWithin(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#onOutputEnd = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #settle(exit: ChannelExit): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#observation[Symbol.dispose]();
    this.#resolve(exit);
  }
}
