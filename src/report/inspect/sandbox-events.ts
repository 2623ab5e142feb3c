import type { EventOf } from '../../events/event.js';
import type { CommandEnding, EndedCommand } from './command-output.js';
import type { InspectObject } from './log-format.js';
import { plain } from './log-json.js';
import type { EventContent } from './placed-content.js';

/** A command: one event when it has ended, at the time it began. An unknown exit code is left out. */
export function commandEvent(ending: CommandEnding, { started, output }: EndedCommand): EventContent {
  const { cwd, user, timeoutMs, label } = started;
  return {
    event: 'sandbox',
    action: 'exec',
    cmd: started.command,
    options: plain({ cwd, user, timeout: timeoutMs === undefined ? undefined : timeoutMs / 1_000, label }),
    ...('exitCode' in ending && ending.exitCode !== null && { result: ending.exitCode }),
    output,
    completed: new Date(ending.time).toISOString(),
    metadata: metadataOf(ending),
  };
}

function metadataOf(ending: CommandEnding): InspectObject {
  const { computerId, durationMs } = ending;
  const common = { computer_id: computerId, duration_ms: durationMs, ended: ending.type };
  switch (ending.type) {
    case 'command.finished':
      return { ...common, stdout_bytes: ending.stdoutBytes, stderr_bytes: ending.stderrBytes };
    case 'command.failed':
      return { ...common, error: plain(ending.error) };
    default:
      return { ...common, kill: plain(ending.kill) };
  }
}

type FileEnding = EventOf<
  'file.upload.finished' | 'file.upload.failed' | 'file.download.finished' | 'file.download.failed'
>;

/** Contents are left out: they are in no event of ours. */
export function fileEvent(ending: FileEnding): EventContent {
  const { type, path, time, computerId, durationMs } = ending;
  return {
    event: 'sandbox',
    action: type.startsWith('file.upload') ? 'write_file' : 'read_file',
    file: path,
    completed: new Date(time).toISOString(),
    metadata: {
      computer_id: computerId,
      duration_ms: durationMs,
      ...('bytes' in ending && { bytes: ending.bytes }),
      ...('error' in ending && { error: plain(ending.error) }),
    },
  };
}
