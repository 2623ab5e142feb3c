import { createHash } from 'node:crypto';
import type { DownloadOptions } from '../computer-interface.js';
import { RemoteFileError } from '../errors.js';
import { digestFunction } from './digest-function.js';
import type { RunningScript, ScriptHost } from './remote-script.js';
import { runTransfer } from './run-transfer.js';
import { transferError } from './transfer-error.js';

/** Default of `maxBytes`. */
const defaultMaxBytes = 100 * 1024 * 1024;

/**
 * Prints the size and a newline, as many bytes, and their digest. A file that grows meanwhile does no harm. What has no size
 * may be one that the kernel makes up anew for each reader, as those of `/proc`: it is read once, into a variable, which
 * holds no bytes but their hexadecimal digits. `hex` and the number of these characters come first then.
 */
const sendText = `${digestFunction}
fail() { echo "$2" >&2; exit "$1"; }
if [ ! -e "$source" ]; then fail 66 'it is not there'; fi
if [ -d "$source" ]; then fail 67 'it is a directory'; fi
if [ ! -f "$source" ]; then fail 70 'it is not a file'; fi
if [ ! -s "$source" ] && command -v od >/dev/null; then
  digits=$(od -A n -v -t x1 -N $((limit + 1)) <"$source") || exit 70
  echo "hex \${#digits}"
  printf %s "$digits"
  printf %s "$digits" | digest
  exit
fi
size=$(wc -c <"$source") || exit 70
size=$((size))
if [ "$size" -gt "$limit" ]; then fail 69 "it has $size bytes, more than $limit; raise maxBytes if it may"; fi
echo "$size"
head -c "$size" <"$source" && head -c "$size" <"$source" | digest
`;

/** Reads one file, following symbolic links. What arrives is checked against its size and SHA-256. */
export async function downloadFile(
  host: ScriptHost,
  remotePath: string,
  options: DownloadOptions = {},
): Promise<Uint8Array> {
  const what = `The download of ${remotePath}`;
  const limit = Math.min(options.maxBytes ?? defaultMaxBytes, Number.MAX_SAFE_INTEGER);
  const script = { text: sendText, environment: { source: remotePath, limit: String(limit) } };
  return await runTransfer(
    host,
    what,
    options,
    () => script,
    async (running) => receive(host, running, remotePath, what, limit),
  );
}

async function receive(
  host: ScriptHost,
  script: RunningScript,
  path: string,
  what: string,
  limit: number,
): Promise<Uint8Array> {
  let isHex = false;
  let head = Buffer.alloc(0);
  let content: Buffer | undefined;
  let filled = 0;
  let trailer = '';
  const chunks = script.output as AsyncIterable<Buffer>; // No encoding is ever set on it.
  for await (const chunk of chunks) {
    let rest = chunk;
    if (content === undefined) {
      head = Buffer.concat([head, rest]);
      const newline = head.indexOf(0x0a);
      if (newline < 0) continue;
      const [size = '', prefix] = head.subarray(0, newline).toString().split(' ').reverse();
      isHex = prefix === 'hex';
      content = Buffer.alloc(Number(size));
      rest = head.subarray(newline + 1);
    }
    const taken = rest.copy(content, filled);
    filled += taken;
    trailer += rest.subarray(taken).toString('latin1');
  }
  const end = await script.end;
  if (end.exitCode !== 0) throw transferError(what, path, end, host.computerId);
  const digest = trailer.trim();
  const isWhole =
    content !== undefined &&
    filled === content.length &&
    (digest === 'none' || digest === createHash('sha256').update(content).digest('hex'));
  const { computerId } = host;
  if (content !== undefined && isWhole) {
    const bytes = isHex ? Buffer.from(content.toString('latin1').replaceAll(/\s/g, ''), 'hex') : content;
    if (bytes.length <= limit) return bytes;
    const why = `it has more than ${limit} bytes; raise maxBytes if it may`;
    throw new RemoteFileError(`${what} failed: ${why}.`, { path, reason: 'too_large', computerId });
  }
  const message = 'it was damaged on the way, or somebody wrote to it meanwhile';
  throw new RemoteFileError(`${what} failed: ${message}.`, {
    path,
    reason: 'other',
    retryable: true,
    computerId,
  });
}
