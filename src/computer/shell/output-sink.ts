import { join } from 'node:path';
import { OutputCapture } from '../capture.js';
import { capturedText } from '../captured-text.js';
import type { CommandResult, OutputStream, ShellCommandOptions } from '../computer-interface.js';

/** Takes pieces of output. */
export interface OutputWriter {
  /** Resolves when more may be written; `undefined` when that is at once, as it is but for slow files. */
  write(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined;
}

/** Where the two streams of one command go: bounded captures, and the caller's `onOutput`. */
export class OutputSink implements OutputWriter {
  readonly #captures: Readonly<Record<OutputStream, OutputCapture>>;
  readonly #onOutput: ShellCommandOptions['onOutput'];
  readonly #onLateOutput: ShellCommandOptions['onLateOutput'];
  readonly #startedAt = performance.now();
  #open = true;

  constructor({ output = {}, onOutput, onLateOutput }: ShellCommandOptions) {
    const capture = (stream: OutputStream) =>
      new OutputCapture({
        headBytes: output.headBytes,
        tailBytes: output.tailBytes,
        spillPath: output.spillDirectory === undefined ? undefined : join(output.spillDirectory, stream),
      });
    this.#captures = { stdout: capture('stdout'), stderr: capture('stderr') };
    this.#onOutput = onOutput;
    this.#onLateOutput = onLateOutput;
  }

  /** What comes after `finish` is late: the result has been given. */
  write(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined {
    if (bytes.length === 0) return undefined;
    if (!this.#open) {
      this.#onLateOutput?.({ stream, bytes });
      return undefined;
    }
    this.#onOutput?.({ stream, bytes });
    return this.#captures[stream].write(bytes);
  }

  async finish(exitCode: number | null, leftoverProcesses: number | null): Promise<CommandResult> {
    this.#open = false;
    const durationMs = Math.round(performance.now() - this.#startedAt);
    const [stdout, stderr] = await Promise.all([
      this.#captures.stdout.finish(),
      this.#captures.stderr.finish(),
    ]);
    return {
      exitCode,
      stdout: capturedText(stdout),
      stderr: capturedText(stderr),
      captured: { stdout, stderr },
      durationMs,
      leftoverProcesses,
    };
  }
}
