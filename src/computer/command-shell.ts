import { randomBytes } from 'node:crypto';
import type { CommandResult, CommandShell } from './computer-interface.js';

/** A command as `sh` text that has another shell run it. */
export interface TextForShell {
  readonly text: string;
  /** Whether the command did not run, because that shell is not there. */
  readonly isMissingIn: (result: CommandResult) => boolean;
}

/** The exit code of a shell for a program that is not there. */
const notFoundExitCode = 127;

/**
 * The command travels in a here-document: an argument has a limit, and shows up in the list of processes. Its standard
 * input is left alone.
 */
export function textForShell(command: string, shell: Exclude<CommandShell, 'sh'>): TextForShell {
  const word = randomBytes(16).toString('hex');
  const complaint = `bash: not found (${word})`;
  const text = `command -v bash >/dev/null 2>&1 || { echo '${complaint}' >&2; exit ${notFoundExitCode}; }
exec bash ${shell === 'login' ? '--login' : '--norc'} -c 'IFS= read -r -d "" swelancer_command <&3
exec 3<&-
eval "unset swelancer_command
$swelancer_command"' bash 3<<'${word}'
${command}
${word}`;
  return {
    text,
    isMissingIn: ({ exitCode, stdout, stderr }) =>
      exitCode === notFoundExitCode && (stderr.includes(complaint) || stdout.includes(complaint)),
  };
}

/** What an error says when the shell is not there. */
export const missingShellText = 'there is no bash on its PATH';
