import type { EventScope } from '../events/event-scope.js';
import { toErrorRecord } from '../errors.js';
import type { Redactor } from '../redaction.js';
import { OutputCapture } from './capture.js';
import { capturedText } from './captured-text.js';
import type { CommandResult, OutputChunk, OutputStream, ShellCommandOptions } from './computer-interface.js';
import type { CompletedCommand } from './completed-command.js';
import { type TextStream, textStream } from './text-stream.js';

interface TapOptions {
  readonly commandId: string;
  readonly scope: EventScope;
  readonly redactor: Redactor;
  readonly options: ShellCommandOptions;
  /** Whether to keep what passes, for a command whose implementation does not give its partial output. */
  readonly keep: boolean;
}

/** Passes on the output of one command as events and to the caller's `onOutput`, whose faults it keeps to itself. */
export class OutputTap {
  readonly #tap: TapOptions;
  /** Of the streams on which something has come. */
  readonly #texts: Partial<Record<OutputStream, TextStream>> = {};
  readonly #kept: Partial<Record<OutputStream, OutputCapture>> = {};
  #received = false;
  #ended = false;
  #callerFailed = false;

  constructor(tap: TapOptions) {
    this.#tap = tap;
  }

  /** For `onOutput` of the implementation. What comes after the end is dropped: the terminal event was the last word. */
  readonly receive = (chunk: OutputChunk): void => {
    if (this.#ended || chunk.bytes.length === 0) return;
    this.#received = true;
    this.#tellCaller(chunk);
    if (this.#tap.keep) void this.#capture(chunk.stream).write(chunk.bytes);
    // Making text of a flood that nobody reads would take half of the time.
    if (!this.#tap.scope.isHeard('command.output')) return;
    const text = (this.#texts[chunk.stream] ??= textStream(this.#tap.redactor));
    this.#emit(chunk.stream, text.write(chunk.bytes));
  };

  /** Tells of output that no one has told of yet, and closes both streams. */
  end(result: CompletedCommand | undefined): void {
    if (result !== undefined && !this.#received) {
      for (const stream of ['stdout', 'stderr'] as const) {
        const { head, tail } = result.captured[stream];
        for (const bytes of [head, tail]) if (bytes.length > 0) this.#tellCaller({ stream, bytes });
        this.#emit(stream, this.#tap.redactor.redact(result[stream]));
      }
    }
    for (const stream of ['stdout', 'stderr'] as const) this.#emit(stream, this.#texts[stream]?.end() ?? '');
    this.#ended = true;
  }

  /** What has arrived so far, as the result of a command whose end nobody saw. */
  partial(): CommandResult {
    const captured = {
      stdout: this.#capture('stdout').snapshot(),
      stderr: this.#capture('stderr').snapshot(),
    };
    return {
      exitCode: null,
      stdout: capturedText(captured.stdout),
      stderr: capturedText(captured.stderr),
      captured,
    };
  }

  #capture(stream: OutputStream): OutputCapture {
    const { headBytes, tailBytes } = this.#tap.options.output ?? {};
    return (this.#kept[stream] ??= new OutputCapture({ headBytes, tailBytes }));
  }

  #emit(stream: OutputStream, text: string): void {
    if (text === '') return;
    this.#tap.scope.emit('command.output', { commandId: this.#tap.commandId, stream, text });
  }

  #tellCaller(chunk: OutputChunk): void {
    try {
      this.#tap.options.onOutput?.(chunk);
    } catch (error) {
      if (this.#callerFailed) return;
      this.#callerFailed = true;
      const message = 'The onOutput function of a command threw.';
      this.#tap.scope.emit('diagnostic', { message, error: toErrorRecord(error) });
    }
  }
}
