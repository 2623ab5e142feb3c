import { readUploadSource } from '../computer/archive/read-upload-source.js';
import type {
  CommandResult,
  ComputerInterface,
  ShellCommandOptions,
} from '../computer/computer-interface.js';
import { Deadline } from '../computer/deadline.js';
import { defineComputer } from '../computer/define-computer.js';
import { endedCommandError, nothingToKill } from '../computer/ended-command.js';
import { ComputerLostError, RemoteFileError } from '../computer/errors.js';
import { ConfigurationError } from '../errors.js';

/** What a scripted command does: a result whose missing parts are a success without output, a failure, or nothing ever. */
export type FakeAnswer = Partial<CommandResult> | { readonly fail: Error } | { readonly hang: true };

export interface FakeCommand {
  /** The whole command, or a part of it as a regular expression. */
  readonly match: string | RegExp;
  readonly answer:
    | FakeAnswer
    | ((command: string, options: ShellCommandOptions) => FakeAnswer | Promise<FakeAnswer>);
}

export interface FakeComputerOptions {
  /** Contents by absolute path. */
  readonly files?: Readonly<Record<string, string | Uint8Array>> | undefined;
  /** The first that matches answers. */
  readonly commands?: readonly FakeCommand[] | undefined;
  /** For every other command. Default: it throws a `ConfigurationError` that names the command. */
  readonly otherwise?: FakeAnswer | undefined;
  /** Default: `fake`. */
  readonly id?: string | undefined;
}

export interface FakeComputer extends ComputerInterface {
  /** What it was asked to run, in order. */
  readonly sent: readonly { readonly command: string; readonly options: ShellCommandOptions }[];
  /** Its files; change them at will. */
  readonly files: Map<string, Uint8Array>;
  readonly isCleanedUp: boolean;
}

/**
 * A computer for tests of agents, scorers and tools: files in memory and commands by script, no processes. Scripted
 * commands honour signal and time limit, and errors are those of a real computer.
 */
export function fakeComputer(options: FakeComputerOptions = {}): FakeComputer {
  const { id = 'fake' } = options;
  const entries = Object.entries(options.files ?? {});
  const files = new Map(entries.map(([path, content]) => [path, Uint8Array.from(Buffer.from(content))]));
  const sent: { readonly command: string; readonly options: ShellCommandOptions }[] = [];
  let isCleanedUp = false;
  const assertOpen = () => {
    if (!isCleanedUp) return;
    throw new ComputerLostError('The computer has been cleaned up.', {
      reason: 'cleaned_up',
      computerId: id,
    });
  };
  const computer = defineComputer({
    id,
    capabilities: { killsProcessTree: true, switchesUser: true, choosesShell: true, survivesLostLinks: true },
    sendShellCommand: async (command, call = {}) => {
      assertOpen();
      sent.push({ command, options: call });
      return answerCommand(options, id, command, call);
    },
    upload: async (source, path) => {
      assertOpen();
      const chunks: Uint8Array[] = [];
      for await (const chunk of (await readUploadSource(source)).stream) chunks.push(chunk);
      files.set(path, Uint8Array.from(Buffer.concat(chunks)));
    },
    download: async (path, { maxBytes = Infinity } = {}) => {
      assertOpen();
      const bytes = files.get(path);
      if (bytes === undefined) {
        throw new RemoteFileError(`${path} is not there.`, { path, reason: 'not_found', computerId: id });
      }
      if (bytes.length <= maxBytes) return Uint8Array.from(bytes);
      const message = `${path} has ${bytes.length} bytes, more than the ${maxBytes} allowed.`;
      throw new RemoteFileError(message, { path, reason: 'too_large', computerId: id });
    },
    cleanup: async () => {
      isCleanedUp = true;
    },
  });
  return {
    sent,
    files,
    get isCleanedUp() {
      return isCleanedUp;
    },
    ...computer,
  };
}

async function answerCommand(
  { commands = [], otherwise }: FakeComputerOptions,
  computerId: string,
  command: string,
  options: ShellCommandOptions,
): Promise<CommandResult> {
  const scripted = commands.find(({ match }) =>
    typeof match === 'string' ? match === command : command.search(match) >= 0,
  );
  const answer = scripted === undefined ? otherwise : scripted.answer;
  if (answer === undefined) {
    const shown = JSON.stringify(command);
    throw new ConfigurationError(
      `fakeComputer has no answer to ${shown}. Add it to commands, or give otherwise.`,
    );
  }
  using deadline = new Deadline(options);
  const work = async (): Promise<FakeAnswer> =>
    typeof answer === 'function' ? answer(command, options) : answer;
  const given = await deadline.whileOpen(work());
  if (typeof given === 'symbol' || 'hang' in given) {
    await deadline.whileOpen(new Promise<never>(() => undefined));
    throw endedCommandError({
      computerId,
      command,
      cause: deadline.cause ?? 'abort',
      timeoutMs: options.timeoutMs,
      reason: deadline.reason,
      partial: { exitCode: null, stdout: '', stderr: '' },
      kill: nothingToKill,
    });
  }
  if ('fail' in given) throw given.fail;
  return { exitCode: 0, stdout: '', stderr: '', ...given };
}
