import { createControlShell } from '../shell/control-shell.js';
import { countScript, parseProcessReport } from '../shell/process-kill.js';
import type { ShellTransport } from '../shell/shell-transport.js';

const lookMs = 10_000;
/** Clock ticks in a second, as Linux tells of them on all of today's processors. */
const ticks = 100;

/** Where the machine began after the command, the command went with the one before, and nobody knows how far it had come. */
export type Fate = 'running' | 'ended' | 'machine restarted' | 'unknown';

/** What became of a process with this marker, begun when `performance.now()` was `begunAt`. Never rejects. */
export async function whatBecameOf(
  transport: ShellTransport,
  marker: string,
  begunAt: number,
): Promise<Fate> {
  const control = createControlShell(transport, 'unknown');
  try {
    const told = await control.run(`${countScript({ marker })}\n${ageScript}`, lookMs);
    const report = parseProcessReport(told);
    if (report?.left == null) return 'unknown';
    if (report.left > 0) return 'running';
    const ageMs = machineAgeMs(told);
    if (ageMs !== undefined && performance.now() - ageMs > begunAt) return 'machine restarted';
    return report.isComplete ? 'ended' : 'unknown';
  } catch {
    return 'unknown';
  } finally {
    control.close();
  }
}

/** Prints how long the machine has been up and when its first process began. Nothing where that may not be seen. */
const ageScript = String.raw`{
IFS=' ' read -r swelancer_up swelancer_idle </proc/uptime && IFS= read -r swelancer_first </proc/1/stat && {
  set -- ${'$'}{swelancer_first##*) }
  echo "up=$swelancer_up first=${'$'}{20-}"
}
} 2>/dev/null`;

function machineAgeMs(told: string): number | undefined {
  const match = /^up=([\d.]+) first=(\d+)$/m.exec(told);
  if (match === null) return undefined;
  const ageMs = (Number(match[1]) - Number(match[2]) / ticks) * 1000;
  // Some containers are told of a time of their own.
  return ageMs >= 0 ? ageMs : undefined;
}
