import { ConfigurationError } from '../../errors.js';
import { shellQuote } from '../shell-quote.js';
import { exportAssignments, printfLine } from './shell-text.js';

/**
 * What a channel runs: constant, so that no command is ever in an argument. It reads three lines: a nonce, a prelude and
 * the command, each escaped for `printf %b`. All shells here read lines byte by byte, so whatever follows on stdin is the
 * command's own. The nonce on both streams says where the command's output begins; what came before is a banner, or the
 * complaint of whoever could not start us.
 */
export const bootText = bootTextFor(
  String.raw`printf '%s %s\n' "$swelancer_nonce" "$1"; printf '%s %s\n' "$swelancer_nonce" "$1" >&2`,
);

/** The same for a lane, whose streams are in step already, so that the frame need not be on both. */
export const laneBootText = bootTextFor(String.raw`printf '%s %s\n' "$swelancer_nonce" "$1" >&2`);

function bootTextFor(frame: string): string {
  return String.raw`
IFS= read -r swelancer_nonce && IFS= read -r swelancer_prelude && IFS= read -r swelancer_command || exit 125
IFS= read -r swelancer_stat 2>/dev/null </proc/$$/stat
swelancer_frame() { ${frame}; }
swelancer_enter() { cd -- "$1" 2>/dev/null || { swelancer_frame 'no directory'; exit 126; }; }
set -- ${'$'}{swelancer_stat##*) }
swelancer_started="started $$ ${'$'}{20-} $PPID"
# Whoever runs already cannot be left over by this command, which saves looking at it afterwards.
set -- /proc/[0-9]*
swelancer_started="$swelancer_started $*"
set --
# A substitution drops newlines at the end, which the full stop keeps, and starts a process, which most lines do not need.
case $swelancer_command in *\\*)
  swelancer_command=$(printf '%b.' "$swelancer_command") || exit 125
  swelancer_command=${'$'}{swelancer_command%.} ;;
esac
case $swelancer_prelude in *\\*)
  swelancer_prelude=$(printf '%b.' "$swelancer_prelude") || exit 125
  swelancer_prelude=${'$'}{swelancer_prelude%.} ;;
esac
eval "$swelancer_prelude"
swelancer_frame "$swelancer_started"
swelancer_command="unset swelancer_nonce swelancer_prelude swelancer_command swelancer_stat swelancer_started
unset -f swelancer_frame swelancer_enter
$swelancer_command"
eval "$swelancer_command"
`;
}

export interface CommandHeader {
  readonly nonce: string;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: string;
  /** Whether what follows the header on stdin is for the command. */
  readonly keepsStdin: boolean;
}

/** The lines that `bootText` reads. @throws ConfigurationError */
export function commandHeader(header: CommandHeader): string {
  const reserved = Object.keys(header.environment).find((name) => name.startsWith('swelancer_'));
  if (reserved !== undefined) {
    throw new ConfigurationError(
      `The environment variable ${reserved} cannot be set: names that begin with swelancer_ are for the shells around a command.`,
    );
  }
  const prelude = [
    `swelancer_enter ${shellQuote(header.workingDirectory)}`,
    exportAssignments(header.environment),
    header.keepsStdin ? '' : 'exec </dev/null',
  ]
    .filter((part) => part !== '')
    .join('; ');
  return [header.nonce, printfLine(prelude), printfLine(header.command), ''].join('\n');
}

/** `others` are the directories of the processes that ran already, as `/proc/1 /proc/20`. */
export type StartFrame =
  | {
      readonly kind: 'started';
      readonly pid: number;
      readonly startTime: number | undefined;
      /** Waits for it. Not of the computer's own processes where it is 0. */
      readonly parent: number;
      readonly others: string;
    }
  | { readonly kind: 'no directory' };

export function parseStartFrame(text: string): StartFrame | undefined {
  if (text === 'no directory') return { kind: 'no directory' };
  const match = /^started (\d+) (\d*) (\d+) ([\d/proc ]*)/.exec(text);
  if (match === null) return undefined;
  return {
    kind: 'started',
    pid: Number(match[1]),
    startTime: match[2] === '' ? undefined : Number(match[2]),
    parent: Number(match[3]),
    others: match[4] ?? '',
  };
}
