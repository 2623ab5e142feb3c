import { randomBytes } from 'node:crypto';
import { settledWithin } from '../deadline.js';
import { ComputerLostError } from '../errors.js';
import type { ShellChannel, ShellTransport } from './shell-transport.js';

/** A shell that is kept open to look at processes and end them: at the process limit no new one could be started. */
export interface ControlShell {
  /** Opens the shell ahead of its first use. Never rejects. */
  prepare(): Promise<void>;
  /**
   * Runs a script of built-ins and gives what it printed. One at a time. A shell that has ended, or was open before and
   * does not answer within `timeoutMs`, is replaced once, so that the script may be begun twice.
   * @throws ComputerLostError when it cannot be reached, or the fresh one ends too, or does not answer within `timeoutMs`
   */
  run(script: string, timeoutMs: number): Promise<string>;
  close(): void;
}

/** Reads a line with an id, then a script up to the same id, runs it and prints the id. Ends when stdin does. */
const controlText = String.raw`
while IFS= read -r swelancer_id; do
  swelancer_script=
  while IFS= read -r swelancer_line && [ "$swelancer_line" != "$swelancer_id" ]; do
    swelancer_script="$swelancer_script
$swelancer_line"
  done
  eval "$swelancer_script"
  printf '%s\n' "$swelancer_id"
done
`;

export function createControlShell(transport: ShellTransport, computerId: string): ControlShell {
  let current: Promise<ShellChannel> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  const open = (): Promise<ShellChannel> => {
    if (closed) return Promise.reject(lost('The computer has been cleaned up.', computerId));
    const opening = transport.open({
      argv: ['sh', '-c', controlText],
      environment: { LC_ALL: 'C' },
      isVital: true,
    });
    current = opening;
    const forget = () => {
      if (current === opening) current = undefined;
    };
    opening.then(async (channel) => {
      if (closed) channel.destroy();
      // Nobody reads it otherwise, and a full pipe would block the shell.
      channel.stderr.resume();
      await channel.exit;
      forget();
    }, forget);
    return opening;
  };

  const attempt = async (script: string, timeoutMs: number): Promise<string> => {
    const reused = current;
    const opening = reused ?? open();
    let channel: ShellChannel | undefined;
    try {
      const work = (async () => {
        channel = await opening;
        return await exchange(channel, script);
      })();
      if (!(await settledWithin(work, timeoutMs))) {
        throw new ShellSilentError(`The control shell did not answer within ${timeoutMs} ms.`);
      }
      return await work;
    } catch (error) {
      // Whatever it still says would be taken for the answer to the next script.
      if (current === opening) current = undefined;
      channel?.destroy();
      opening.then(
        (late) => late.destroy(),
        () => undefined,
      );
      const isShellAtFault = error instanceof ShellEndedError || error instanceof ShellSilentError;
      if (reused !== undefined && !closed && isShellAtFault) return await attempt(script, timeoutMs);
      throw isShellAtFault ? lost(error.message, computerId) : error;
    }
  };

  return {
    prepare: async () => {
      await (current ?? open()).catch(() => undefined);
    },
    run: (script, timeoutMs) => {
      const result = last.then(() => attempt(script, timeoutMs));
      last = result.catch(() => undefined);
      return result;
    },
    close: () => {
      closed = true;
      current?.then(
        (channel) => channel.destroy(),
        () => undefined,
      );
    },
  };
}

class ShellEndedError extends Error {}
/** Somebody may have stopped it, which nothing but its silence tells. */
class ShellSilentError extends Error {}

/** Sends one script and collects the output until the id comes back. */
async function exchange(channel: ShellChannel, script: string): Promise<string> {
  const id = randomBytes(16).toString('hex');
  let text = '';
  return await new Promise((resolve, reject) => {
    const onData = (bytes: Buffer) => {
      text += bytes.toString('latin1');
      const end = text.indexOf(`${id}\n`);
      if (end < 0) return;
      stop();
      resolve(text.slice(0, end));
    };
    const onEnd = () => {
      stop();
      reject(new ShellEndedError('The control shell has ended.'));
    };
    const stop = () => {
      channel.stdout.off('data', onData);
      channel.stdout.off('close', onEnd);
      channel.stdout.off('end', onEnd);
    };
    channel.stdout.on('data', onData);
    channel.stdout.on('end', onEnd);
    channel.stdout.on('close', onEnd);
    if (channel.stdout.readableEnded || channel.stdout.destroyed) onEnd();
    else channel.stdin.write(`${id}\n${script}\n${id}\n`);
  });
}

function lost(message: string, computerId: string): ComputerLostError {
  return new ComputerLostError(message, { reason: 'connection', computerId });
}
