import { randomBytes } from 'node:crypto';
import type { ShellCommandOptions } from '../../computer-interface.js';
import { commandHeader } from '../boot.js';
import type { CommandRun } from '../command-run.js';
import { spoolBytesOf, type DurableOptions } from './durable-options.js';
import { createExitTokens, type ExitTokens } from './exit-tokens.js';
import type { SpoolReader } from './spool-reader.js';
import { followText, startText } from './spool-text.js';

/** One start of a durable command: its place inside, its secrets, and the commands of ours around it. */
export interface DurableCommand {
  readonly directory: string;
  readonly tokens: ExitTokens;
  /** Starts it and follows its output, which `end` ends. */
  startRun(nonce: string, end: string): CommandRun;
  /** Follows it from where its output was lost. */
  findRun(end: string, reader: SpoolReader): CommandRun;
}

export function createDurableCommand(run: CommandRun, options: DurableOptions): DurableCommand {
  const { folder } = options;
  const name = `command-${randomBytes(8).toString('hex')}`;
  // Another user cannot write below the folder. No computer's id holds a plus: what begins so is this one's.
  const directory = run.options.user === undefined ? `${folder}/${name}` : `${folder}+${name}`;
  const tokens = createExitTokens();
  const { stdin, user } = run.options;
  const around = (command: string, input?: ShellCommandOptions['stdin']): CommandRun => ({
    ...run,
    command,
    workingDirectory: '/',
    environment: {},
    // Not the command's: what ends the command lets those who tell of it live.
    marker: run.marker.replace('.command-', '.durable-'),
    options: { user, stdin: input },
  });
  return {
    directory,
    tokens,
    startRun: (nonce, end) => {
      const inputEnd = stdin === undefined ? undefined : randomBytes(16).toString('hex');
      const header = commandHeader({ ...run, nonce, keepsStdin: stdin !== undefined });
      const start = {
        directory,
        parent: folder,
        tokens: tokens.words,
        header,
        marker: run.marker,
        inputEnd,
        bound: spoolBytesOf(options),
      };
      return around(startText(start, end), inputEnd === undefined ? undefined : ended(stdin, inputEnd));
    },
    findRun: (end, { received, total }) => {
      const position = { directory, end, stdoutAt: received.stdout, stderrAt: received.stderr };
      return around(followText(position, total > 0 ? undefined : folder));
    },
  };
}

/** A start that did not come about can be made again, unless it has used up the caller's iterable. */
export function canStartAgain({ options: { stdin } }: CommandRun): boolean {
  return stdin === undefined || typeof stdin === 'string' || stdin instanceof Uint8Array;
}

/** The input with a word after it that says that all of it has arrived. */
async function* ended(
  stdin: ShellCommandOptions['stdin'],
  end: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (typeof stdin === 'string' || stdin instanceof Uint8Array) {
    if (stdin.length > 0) yield Buffer.from(stdin);
  } else if (stdin !== undefined) yield* stdin;
  yield Buffer.from(end);
}
