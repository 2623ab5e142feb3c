import type { Readable } from 'node:stream';
import { settledWithin } from '../deadline.js';
import { feedStdin } from '../shell/feed-stdin.js';
import { markerVariable } from '../shell/process-kill.js';
import type { ShellTransport } from '../shell/shell-transport.js';

/** Where the scripts of one computer run. */
export interface ScriptHost {
  readonly transport: ShellTransport;
  /** Of every process that a script starts, so that a cleanup finds it. */
  readonly marker: string;
  readonly computerId: string;
  /** As in a request for a channel. Default: false. */
  readonly isVital?: boolean | undefined;
}

export interface RemoteScript {
  /** Fixed text; what varies is in the environment. */
  readonly text: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Default: closed. */
  readonly input?: AsyncIterable<Uint8Array> | undefined;
}

export interface ScriptEnd {
  /** `null` when something killed it. */
  readonly exitCode: number | null;
  /** What it said on standard error, trimmed and cut. */
  readonly message: string;
}

/** A script of ours on a channel of its own. */
export interface RunningScript {
  /** Bytes. Has to be read to its end before `end` resolves. */
  readonly output: Readable;
  /** @throws what `input` throws, and ComputerLostError */
  readonly end: Promise<ScriptEnd>;
  /** Lets go of it at once. It sees the end of its input, as when the link is cut. */
  readonly destroy: () => void;
}

const keptMessageBytes = 8192;
/** Milliseconds to wait for the last words of a script that has ended. */
const messageMs = 1000;

/** @throws ComputerLostError, CommandSpawnError, or the signal's reason. Destroy what it gives when the signal fires. */
export async function startScript(
  { transport, marker, isVital }: ScriptHost,
  { text, environment, input }: RemoteScript,
  signal: AbortSignal,
): Promise<RunningScript> {
  const channel = await transport.open(
    {
      argv: ['sh', '-c', text],
      environment: { LC_ALL: 'C', [markerVariable]: marker, ...environment },
      isVital,
    },
    { signal },
  );
  const letGo = new AbortController();
  const message = readMessage(channel.stderr);
  const feeding = feedStdin(channel.stdin, '', input, letGo.signal);
  const end = (async (): Promise<ScriptEnd> => {
    // An input that fails ends the script's wait for more; one that is stuck must not outlive the script.
    const exit = await Promise.race([channel.exit, feeding.then(() => channel.exit)]);
    letGo.abort();
    if (exit.kind === 'lost') throw exit.error;
    await settledWithin(message.ended, messageMs);
    return { exitCode: exit.exitCode, message: message.text() };
  })();
  end.catch(() => undefined);
  return {
    output: channel.stdout,
    end,
    destroy: () => {
      letGo.abort();
      channel.destroy();
    },
  };
}

/** For a script whose output does not matter. */
export async function endOf({ output, end }: RunningScript): Promise<ScriptEnd> {
  output.resume();
  return await end;
}

function readMessage(stream: Readable): { readonly ended: Promise<void>; text(): string } {
  let kept = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-keptMessageBytes);
  });
  const ended = new Promise<void>((resolve) => {
    stream.once('close', resolve);
  });
  return { ended, text: () => kept.toString().trim() };
}
