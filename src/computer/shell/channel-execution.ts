import { randomBytes } from 'node:crypto';
import type { OutputStream } from '../computer-interface.js';
import { bootText, commandHeader, parseStartFrame } from './boot.js';
import type { CommandRun } from './command-run.js';
import type { Execution } from './execution.js';
import { faultSwitch } from './fault-switch.js';
import { feedStdin } from './feed-stdin.js';
import { FrameScanner } from './frame-scanner.js';
import type { OutputWriter } from './output-sink.js';
import { markerVariable } from './process-kill.js';
import { readChunks, type Taken } from './read-chunks.js';

/** Hands a command to a shell on a channel of its own. */
export async function startOnChannel(
  run: CommandRun,
  sink: OutputWriter,
  signal: AbortSignal,
): Promise<Execution> {
  const channel = await run.engine.transport.open(
    { argv: ['sh', '-c', bootText], environment: { [markerVariable]: run.marker }, user: run.options.user },
    { signal },
  );
  // Without its header the shell does nothing, and ends with its stdin.
  if (signal.aborted) channel.destroy();
  const nonce = randomBytes(16).toString('hex');
  const scanners = { stdout: new FrameScanner(nonce), stderr: new FrameScanner(nonce) };
  const input = new AbortController();
  const { fault, raise } = faultSwitch();

  const write = (stream: OutputStream, bytes: Uint8Array): Taken => {
    try {
      return sink.write(stream, scanners[stream].push(bytes))?.catch(raise);
    } catch (error) {
      raise(error);
      return undefined;
    }
  };
  const drained = Promise.all([
    readChunks(channel.stdout, (bytes) => write('stdout', bytes)),
    readChunks(channel.stderr, (bytes) => write('stderr', bytes)),
  ]);
  const header = commandHeader({ ...run, nonce, keepsStdin: run.options.stdin !== undefined });
  feedStdin(channel.stdin, header, run.options.stdin, input.signal).catch(raise);
  return {
    ended: channel.exit.then((exit) => (exit.kind === 'lost' ? exit : { ...exit, leavesNothing: false })),
    drained,
    fault,
    frame: () => parseStartFrame(scanners.stderr.frame ?? scanners.stdout.frame ?? ''),
    preamble: () => scanners.stdout.preamble + scanners.stderr.preamble,
    stopInput: () => input.abort(),
    release: () => run.engine.linger(channel, drained),
    abandon: () => channel.destroy(),
  };
}
