import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '../errors.js';
import { captureWhole, defaultCaptureBytes } from './capture.js';
import { capturedText } from './captured-text.js';
import type { CapturedOutput, CommandResult, OutputOptions, OutputStream } from './computer-interface.js';

/** How a command ended, with everything filled in. */
export interface CompletedCommand extends CommandResult {
  readonly captured: { readonly stdout: CapturedOutput; readonly stderr: CapturedOutput };
  /** Milliseconds. */
  readonly durationMs: number;
  readonly outOfMemory: boolean;
  readonly leftoverProcesses: number | null;
}

/** Fills in what an implementation left out of its result, and bounds what it did not bound. */
export async function completeCommand(
  result: CommandResult,
  elapsedMs: number,
  output: OutputOptions = {},
): Promise<CompletedCommand> {
  if (typeof result !== 'object' || (result as unknown) === null) {
    throw new ConfigurationError(
      `The computer's sendShellCommand gave ${typeof result}; it must give { exitCode, stdout, stderr }.`,
    );
  }
  for (const name of ['stdout', 'stderr'] as const) {
    // Of somebody else's making, whatever the type says.
    const text: unknown = result[name];
    if (text === undefined || text === null || typeof text === 'string') continue;
    throw new ConfigurationError(
      `The computer's sendShellCommand gave ${kindOf(text)} for ${name}; it must give a string, such as buffer.toString().`,
    );
  }
  const [stdout, stderr] = await Promise.all([
    boundedStream(result, 'stdout', output),
    boundedStream(result, 'stderr', output),
  ]);
  return {
    exitCode: Number.isInteger(result.exitCode) ? result.exitCode : null,
    stdout: stdout.text,
    stderr: stderr.text,
    captured: { stdout: stdout.captured, stderr: stderr.captured },
    durationMs: result.durationMs ?? elapsedMs,
    outOfMemory: result.outOfMemory ?? false,
    leftoverProcesses: result.leftoverProcesses ?? null,
  };
}

function kindOf(value: unknown): string {
  return typeof value === 'object' ? (value?.constructor.name ?? 'null') : `a ${typeof value}`;
}

async function boundedStream(result: CommandResult, name: OutputStream, output: OutputOptions) {
  const native = result.captured?.[name];
  // A sloppy implementation may leave a stream out, whatever its type says.
  const text = (result[name] as string | null | undefined) ?? '';
  const { headBytes = defaultCaptureBytes, tailBytes = defaultCaptureBytes, spillDirectory } = output;
  const keptBytes = native === undefined ? Infinity : native.head.length + native.tail.length;
  const bounded = native !== undefined && keptBytes <= headBytes + tailBytes;
  if (bounded && (spillDirectory === undefined || native.spillPath !== undefined)) {
    return { text, captured: native };
  }
  // Where the implementation has cut the stream already, its text view is all there is.
  const whole =
    native?.omittedBytes === 0 ? Buffer.concat([native.head, native.tail]) : new TextEncoder().encode(text);
  const captured = bounded ? native : captureWhole(whole, { headBytes, tailBytes });
  const spill = spillDirectory === undefined ? {} : await spillAfterwards(join(spillDirectory, name), whole);
  return {
    text: captured.omittedBytes === 0 ? text : capturedText(captured),
    captured: { ...captured, ...spill },
  };
}

async function spillAfterwards(spillPath: string, bytes: Uint8Array) {
  try {
    await mkdir(join(spillPath, '..'), { recursive: true });
    await writeFile(spillPath, bytes);
    return { spillPath };
  } catch (error) {
    return { spillPath, spillError: error instanceof Error ? error.message : String(error) };
  }
}
