import { createHash, randomBytes } from 'node:crypto';
import { readUploadSource } from '../archive/read-upload-source.js';
import type { UploadOptions, UploadSource } from '../computer-interface.js';
import { digestFunction } from './digest-function.js';
import { endOf, type ScriptHost } from './remote-script.js';
import { runTransfer } from './run-transfer.js';
import { damagedExitCode, transferError } from './transfer-error.js';

/**
 * Keeps its input under a temporary name beside the target. The last 65 bytes are the digest of the rest, so that an
 * input that was cut off on the way is never taken for a whole one.
 */
const receiveText = `${digestFunction}
umask 022
folder=\${target%/*}
fail() {
  rm -f -- "$temporary"
  if [ -n "$2" ]; then echo "$2" >&2; fi
  exit "$1"
}
temporary="$folder/$temporary"
if [ -d "$target" ]; then fail 67 'it is a directory'; fi
mkdir -p -- "$folder/" || fail 70
(umask 077 && cat >"$temporary") || fail 70
size=$(($(wc -c <"$temporary") - 65))
if [ "$size" -lt 0 ]; then fail ${damagedExitCode} 'it was cut off on the way'; fi
expected=$(tail -c 65 "$temporary")
dd if=/dev/null of="$temporary" bs=1 seek="$size" 2>/dev/null || fail 70 'its temporary file could not be cut'
actual=$(digest <"$temporary")
if [ "$actual" = none ]; then
  case $expected in *[!0-9a-f]* | '') actual= ;; *) actual=$expected ;; esac
fi
if [ "$actual" != "$expected" ]; then fail ${damagedExitCode} 'it was damaged or cut off on the way'; fi
chmod "$mode" "$temporary" && mv -f -- "$temporary" "$target" || fail 70
`;

/** Writes one file. The target is as it was until the whole file is there and its SHA-256 is right. A link is replaced. */
export async function uploadFile(
  host: ScriptHost,
  source: UploadSource,
  remotePath: string,
  options: UploadOptions = {},
): Promise<void> {
  const what = `The upload to ${remotePath}`;
  await runTransfer(
    host,
    what,
    options,
    async (signal) => {
      const { stream, mode } = await readUploadSource(source, { signal });
      const environment = {
        target: remotePath,
        temporary: `.swelancer-${randomBytes(8).toString('hex')}`,
        mode: (options.mode ?? mode).toString(8),
      };
      return { text: receiveText, environment, input: withDigest(stream) };
    },
    async (script) => {
      const ended = await endOf(script);
      if (ended.exitCode !== 0) throw transferError(what, remotePath, ended, host.computerId);
    },
  );
}

async function* withDigest(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  for await (const chunk of content) {
    hash.update(chunk);
    yield chunk;
  }
  yield Buffer.from(`${hash.digest('hex')}\n`);
}
