import { randomBytes } from 'node:crypto';
import { shellQuote } from '../shell-quote.js';
import { exportAssignments, printfLine } from '../shell/shell-text.js';
import type { ChannelRequest } from '../shell/shell-transport.js';

/**
 * All that a client is asked to start: a shell that reads one line of program from its standard input. It holds no
 * single quote, newline or backslash, so that one pair of single quotes carries it through any login shell.
 */
export const readerText = 'IFS= read -r swelancer_program && eval "$(printf %b "$swelancer_program")"';

/** Begins a record in the output of a program, so that hardly anything else has to be held back. */
export const recordStart = '\x1e';

/** What the reader gets to run, and how its records are known from the output around them. */
export interface RemoteProgram {
  /** In no argument and no environment, so that no command can forge a record. */
  readonly nonce: string;
  /** The line for standard input. What follows it belongs to the process that the program starts. */
  readonly line: string;
}

/**
 * A program that tells on both streams that it runs, starts `argv` in a session of its own, and tells its exit code on
 * both streams. Its own standard error is put aside: shells report the signal that ended a child there. A client's own exit code cannot say whether it is the command's, and neither can the end of a stream.
 * `afterwards` is run at the end of all, by a shell whose standard error is descriptor 3.
 */
export function remoteProgram({ argv, environment, user }: ChannelRequest, afterwards = ''): RemoteProgram {
  const nonce = randomBytes(16).toString('hex');
  const words = argv.map(shellQuote).join(' ');
  const text = String.raw`
exec 3>&2 2>/dev/null
swelancer_nonce=${nonce}
swelancer_record() {
  printf '\036%s %s\n' "$swelancer_nonce" "$1"
  printf '\036%s %s\n' "$swelancer_nonce" "$1" >&3
}
swelancer_record started
(
${exportAssignments(environment)}
${user === undefined ? '' : switchUser(user, words)}
if command -v setsid >/dev/null 2>&1; then exec setsid ${words}; fi
exec ${words}
) 2>&3 3>&-
swelancer_record "exit $?"
${afterwards}
`;
  return { nonce, line: `${printfLine(text)}\n` };
}

/** Nothing where the user is the current one already. The phrase `unknown user` is what the shell engine looks for. */
function switchUser(user: string, words: string): string {
  return String.raw`
user=${shellQuote(user)} name= uid=
case $user in
  '' | *[!0-9]*) name=$user uid=$(id -u "$user" 2>/dev/null) ;;
  *) while IFS=: read -r entry _ number _; do
       if [ "$number" = "$user" ]; then name=$entry uid=$user; fi
     done </etc/passwd ;;
esac
if [ -z "$uid" ]; then echo "unknown user $user" >&2; exit 125; fi
current=$(id -u)
if [ "$current" != "$uid" ]; then
  if [ "$current" != 0 ]; then echo "only root can run commands as $user; this is user $current" >&2; exit 126; fi
  exec su -s /bin/sh "$name" -c ${shellQuote(`exec ${words}`)}
fi`;
}
