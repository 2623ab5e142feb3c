import { readLineFunction } from './read-line.js';
import type { ProcessIdentity } from './process-kill.js';

/** How a process stands: the letter of `/proc/<pid>/stat`, or that there is none any more. */
export type ProcessState = 'gone' | (string & {});

/** A supervisor, and the shell of the command for which it waits. */
export interface SupervisorState {
  readonly supervisor: ProcessState;
  /** `undefined` where nobody knows yet which process it is. */
  readonly leader: ProcessState | undefined;
}

interface SupervisorQuery {
  readonly supervisor: ProcessIdentity;
  readonly leader: ProcessIdentity | undefined;
  /** What to send a supervisor that is stopped. */
  readonly whenStopped: 'CONT' | 'KILL';
}

/**
 * Shell text that says how a supervisor and the process it waits for stand, and sends a signal to one that is stopped.
 * It needs no program but the shell itself. Prints nothing where there is no `/proc`.
 */
export function supervisorStateScript({ supervisor, leader, whenStopped }: SupervisorQuery): string {
  return String.raw`{
${readLineFunction}
swelancer_state() {
  state=gone text= unread=yes
  while [ $unread = yes ]; do
    swelancer_read_line
    text="$text $line"
  done <"/proc/${'$'}{1%:*}/stat" || return 0
  set -- "$1" ${'$'}{text##*) }
  case ${'$'}{1#*:} in '' | "${'$'}{21-}") state=${'$'}{2-gone} ;; esac
}
if [ -r /proc/self/stat ]; then
  leader_state=unknown
  if [ -n '${leader ?? ''}' ]; then swelancer_state '${leader ?? ''}'; leader_state=$state; fi
  swelancer_state '${supervisor}'
  if [ "$state" = T ]; then kill -${whenStopped} ${pidOf(supervisor)}; fi
  echo "supervisor=$state leader=$leader_state"
fi
} 2>/dev/null`;
}

/** Ends a supervisor that cannot tell any more what becomes of its command. */
export function endSupervisorScript(supervisor: ProcessIdentity): string {
  return `kill -KILL ${pidOf(supervisor)} 2>/dev/null`;
}

/** `undefined` where the machine did not say. */
export function parseSupervisorState(output: string): SupervisorState | undefined {
  const match = /^supervisor=(\w+) leader=(\w+)$/m.exec(output);
  const [, supervisor, leader] = match ?? [];
  if (supervisor === undefined || leader === undefined) return undefined;
  return { supervisor, leader: leader === 'unknown' ? undefined : leader };
}

function pidOf(identity: ProcessIdentity): string {
  return identity.replace(/:.*$/, '');
}
