import { scanFunction } from './process-scan.js';

/** The environment variable by which the processes of a command are found, however they detached themselves. */
export const markerVariable = 'SWELANCER_COMMAND';

/** Which processes are meant. */
export interface ProcessQuery {
  /** The value of `markerVariable`, or the beginning of it. Letters, digits, `.` and `-`. */
  readonly marker: string;
  /** Processes that earlier reports named. They stay in view when they have cleared their environment. */
  readonly known?: readonly ProcessIdentity[] | undefined;
  /** Overlooks whatever started before, which saves time. Clock ticks since boot, as in `/proc/<pid>/stat`. */
  readonly startedSince?: number | undefined;
  /** Everything is meant that is neither one of these, nor started by one of these. From `servicesScript`. */
  readonly services?: readonly ProcessIdentity[] | undefined;
  /** The process group to signal where there is no `/proc` to look at (macOS). */
  readonly group?: number | undefined;
}

/** A pid with its start time in clock ticks since boot, as `pid:starttime`, so that a reused pid is another process. */
export type ProcessIdentity = string;

export type KillSignal = 'TERM' | 'KILL';

export interface KillQuery extends ProcessQuery {
  readonly signal: KillSignal;
}

/** What a kill or count script found. */
export interface ProcessReport {
  /** Processes that were sent the signal. */
  readonly killed: number;
  /** Processes found by a look afterwards. `null` where there is no `/proc` to look at. */
  readonly left: number | null;
  /** Nothing was started behind the back of that look, so that none left means none. */
  readonly isComplete: boolean;
  /** The processes that were signalled, or counted. */
  readonly processes: readonly ProcessIdentity[];
}

/**
 * POSIX sh text that signals the processes of a command and prints one line,
 * `killed=<n> left=<n> complete=<yes|no> processes=<list>`. It needs no program but the shell itself, and never hits the
 * shell that runs it. With KILL, everything is stopped before, so that a fork bomb cannot outrun it.
 */
export function killScript(query: KillQuery): string {
  return script(
    `
${parameters(query)}
act=${query.signal === 'KILL' ? 'freeze' : 'none'}
swelancer_scan
signalled=$count list=$found
if [ $count -gt 0 ]; then
  kill -${query.signal} $pids
  act=none
  swelancer_scan
fi
`,
    query.group === undefined ? '' : `kill -${query.signal} -${query.group}`,
  );
}

/** As `killScript`, but only looks: `killed` is 0. `others` (`/proc/1 /proc/20`) are overlooked, which saves most of the time. */
export function countScript(query: ProcessQuery & { readonly others?: string | undefined }): string {
  return script(`
${parameters(query)}
act=none
swelancer_scan
signalled=0 list=$found
`);
}

/** Prints the identity of the shell that runs it. */
export const identityScript = String.raw`
IFS= read -r swelancer_stat </proc/$$/stat
set -- ${'$'}{swelancer_stat##*) }
printf '%s:%s\n' $$ "${'$'}{20}"`;

/** Lists every process that is not a command's, so that `services` can spare them. Prints the same line. */
export function servicesScript(marker: string): string {
  return script(`
${parameters({ marker })}
act=none
swelancer_scan
commands=$found services=none
swelancer_scan
list=
for service in $found; do
  case " $commands " in *" $service "*) ;; *) list="$list $service" ;; esac
done
signalled=0
`);
}

/** Reads the line that `killScript` and `countScript` print. `undefined` when it is not there. */
export function parseProcessReport(output: string): ProcessReport | undefined {
  const match = /^killed=(\d+) left=(\d+|unknown) complete=(yes|no) processes=([\d: ]*)$/m.exec(output);
  if (match === null) return undefined;
  const [, killed = '', left = '', complete = '', processes = ''] = match;
  return {
    killed: Number(killed),
    left: left === 'unknown' ? null : Number(left),
    isComplete: complete === 'yes',
    processes: processes.split(' ').filter((word) => word !== ''),
  };
}

function script(body: string, without = ''): string {
  // Errors are expected throughout: processes end while they are looked at.
  return `{
if [ -r /proc/self/stat ]; then
${scanFunction}
${body}
echo "killed=$signalled left=$count complete=$complete processes=\${list# }"
else
${without}
echo 'killed=0 left=unknown complete=no processes='
fi
} 2>/dev/null`;
}

function parameters(query: ProcessQuery & { readonly others?: string | undefined }): string {
  const { marker, known = [], startedSince = 0, services = [], others = '' } = query;
  if (!/^[\w.-]+$/.test(marker)) throw new TypeError(`Not a process marker: ${JSON.stringify(marker)}.`);
  return `needle='${markerVariable}=${marker}' known='${known.join(' ')}' services='${services.join(' ')}' since=${startedSince} others='${others}'`;
}
