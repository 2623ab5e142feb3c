import type { EventScope } from '../events/event-scope.js';
import type { Redactor } from '../redaction.js';
import type { OutputChunk } from './computer-interface.js';
import { type TextStream, textStream } from './text-stream.js';

/** Of one command, in bytes: a server that logs for days is not to fill a run's files. */
const keptBytes = 256 * 1024;

interface LateOutputOptions {
  readonly commandId: string;
  readonly scope: EventScope;
  readonly redactor: Redactor;
  readonly onLateOutput: ((chunk: OutputChunk) => void) | undefined;
}

/** Passes on what a command's background processes print after its end, as events and to the caller. Must not throw. */
export function lateOutput(options: LateOutputOptions): (chunk: OutputChunk) => void {
  const { commandId, scope, redactor, onLateOutput } = options;
  const texts: Partial<Record<OutputChunk['stream'], TextStream>> = {};
  let left = keptBytes;
  return ({ stream, bytes }) => {
    if (left <= 0) return;
    const kept = bytes.subarray(0, left);
    left -= kept.length;
    const omittedBytes = bytes.length - kept.length;
    const text = (texts[stream] ??= textStream(redactor)).write(kept);
    if (text !== '' || omittedBytes > 0) {
      scope.emit('command.late_output', {
        commandId,
        stream,
        text,
        ...(omittedBytes > 0 && { omittedBytes }),
      });
    }
    try {
      onLateOutput?.({ stream, bytes: kept });
    } catch {
      // The command has ended well long ago; nobody waits for this.
    }
  };
}
