import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { lastOutput } from '../channel/last-output.js';
import { RecordFilter } from '../channel/record-filter.js';
import { readerText, remoteProgram } from '../channel/remote-program.js';
import type { ChannelExit, ChannelRequest, ShellChannel } from '../shell/shell-transport.js';

/**
 * Podman lets go of an exec's streams as soon as the process has ended, or has closed its input while there is more: the
 * last output is lost, and a child that writes later is ended by SIGPIPE. So a shell of ours stays around the process,
 * until its input has ended and nobody else holds its output.
 */
const keepStreams = String.raw`
cat >/dev/null
swelancer_is_held() {
  for file in /proc/[0-9]*/fd/*; do
    case $file in /proc/$$/*) continue ;; esac
    if [ "$file" -ef /proc/$$/fd/1 ] || [ "$file" -ef /proc/$$/fd/3 ]; then return 0; fi
  done
  return 1
}
while swelancer_is_held; do sleep 2; done
`;

/** A process with a shell around it that tells its end in the stream, so that a link which breaks is none. */
export interface TellingRequest {
  readonly request: ChannelRequest;
  /** To be written first. */
  readonly line: string;
  readonly nonce: string;
}

export function tellingRequest(request: ChannelRequest, isPodman: boolean): TellingRequest {
  const { line, nonce } = remoteProgram({ ...request, user: undefined }, isPodman ? keepStreams : undefined);
  // Without the marker: the shell around a command is none of its processes.
  return { request: { argv: ['sh', '-c', readerText], environment: {}, user: request.user }, line, nonce };
}

/** The channel of the process inside. `lossBehind` says what is lost when our shell has ended without telling. */
export function tellingChannel(
  channel: ShellChannel,
  { line, nonce }: TellingRequest,
  lossBehind: (exitCode: number | null) => Promise<Error | undefined>,
): ShellChannel {
  channel.stdin.write(line);
  let exitCode: number | null = null;
  let records = 0;
  let exitRecords = 0;
  let onEnd: () => void = () => undefined;
  const told = new Promise<void>((resolve) => {
    onEnd = resolve;
  });
  const onRecord = (text: string): void => {
    records += 1;
    const [, code] = /^exit (\d+)$/.exec(text) ?? [];
    if (code === undefined) return;
    exitCode = Number(code);
    exitRecords += 1;
    if (exitRecords === 2) onEnd();
  };
  const stdout = filtered(channel.stdout, nonce, onRecord);
  const stderr = filtered(channel.stderr, nonce, onRecord);
  const exit = (async (): Promise<ChannelExit> => {
    const end = await Promise.race([told, channel.exit]);
    // Lets a reader have what came in the same piece as the record.
    await nextTurn();
    if (end?.kind === 'lost') return end;
    if (exitRecords < 2) await lastOutput([channel.stdout, channel.stderr], [stdout, stderr], told);
    channel.stdin.end();
    if (exitRecords === 2) return { kind: 'exited', exitCode };
    const ownCode = end?.kind === 'exited' ? end.exitCode : null;
    // Somebody before our shell has refused to start it, and said why.
    if (records === 0 && stdout.preamble + stderr.preamble !== '')
      return { kind: 'exited', exitCode: ownCode };
    // With one of the two the process has ended, and what the other stream had to say is missing.
    const error = await lossBehind(exitRecords === 1 ? 0 : ownCode);
    return error === undefined ? { kind: 'exited', exitCode } : { kind: 'lost', error };
  })();
  return {
    stdin: channel.stdin,
    stdout,
    stderr,
    exit,
    destroy: () => {
      channel.destroy();
      for (const stream of [stdout, stderr]) stream.destroy();
    },
  };
}

function filtered(stream: Readable, nonce: string, onRecord: (text: string) => void): RecordFilter {
  const filter = new RecordFilter(nonce, onRecord);
  filter.on('error', () => undefined);
  // An output that breaks ends without an end.
  stream.on('close', () => {
    if (!stream.readableEnded) filter.destroy();
  });
  return stream.pipe(filter);
}
