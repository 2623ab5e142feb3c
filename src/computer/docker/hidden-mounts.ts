import type { CallOptions } from '../computer-interface.js';
import { Deadline } from '../deadline.js';
import { CommandSpawnError } from '../errors.js';
import { shellQuote } from '../shell-quote.js';
import type { DockerContainer } from './docker-container.js';
import type { RunInside } from './file-transfer.js';

/**
 * File systems that are mounted inside only. Where such a one is, the engine sees, and writes to, what lies below it in
 * the container's own files, and does not say so.
 */
const insideOnly = /^(tmpfs|ramfs|proc|sysfs|devtmpfs|devpts|mqueue|cgroup2?)$/;

/** Of each container. */
const mountedEverywhere: readonly string[] = ['/dev', '/proc', '/sys'];

const lookTimeoutMs = 30_000;
const label = 'look at what is mounted';

const known = new WeakMap<DockerContainer, Promise<readonly string[]>>();

/** What the engine does not see. */
export interface Hidden {
  /** The path itself: it is, lies, or leads by a link there. */
  readonly itself: boolean;
  /** What lies below the path, named from there on as `/dev/shm`. */
  readonly below: readonly string[];
}

/**
 * What of a path is hidden from the engine. Of what is not there yet, it is the directory that counts in which it would be
 * made. @throws what `run` throws, unless nothing can be run there
 */
export async function lookForHidden(
  container: DockerContainer,
  run: RunInside,
  path: string,
  call: CallOptions,
): Promise<Hidden> {
  let points = mountedEverywhere;
  let place = path;
  try {
    points = await mountPoints(container, run, call);
    place = await realPlace(run, path, call);
  } catch (error) {
    // The engine may still bring the logs of what went wrong.
    if (!(error instanceof CommandSpawnError)) throw error;
  }
  const begin = place.endsWith('/') ? place : `${place}/`;
  return {
    itself: points.some((point) => begin.startsWith(`${point}/`)),
    below: points.filter((point) => point.startsWith(begin)).map((point) => point.slice(begin.length - 1)),
  };
}

/** Looked at once: mounts stay as they are while a container runs. Nobody's look, so that no caller's end is another's. */
async function mountPoints(
  container: DockerContainer,
  run: RunInside,
  call: CallOptions,
): Promise<readonly string[]> {
  let points = known.get(container);
  if (points === undefined) {
    points = lookAtMounts(run);
    known.set(container, points);
    points.catch(() => known.delete(container));
  }
  using deadline = new Deadline(call);
  return await deadline.race(points, 'The look at what is mounted', 0);
}

/** With what the shell has built in, as a container at its limit of processes has room for nothing else. */
const mountsText = String.raw`while IFS= read -r line; do printf '%s\n' "$line"; done </proc/self/mountinfo`;

async function lookAtMounts(run: RunInside): Promise<readonly string[]> {
  const looked = await run(mountsText, { timeoutMs: lookTimeoutMs, label });
  if (looked.exitCode !== 0) throw new Error(`It cannot be seen what is mounted: ${looked.stderr.trim()}`);
  return looked.stdout.split('\n').flatMap((line) => {
    // Source: `proc(5)`, mountinfo. What is mounted of its file system, the place, with blanks and the like in octal, and
    // the type. A folder of one that the host has as well is a volume, which the engine sees.
    const [, part, point = '', type = ''] = /^(?:\S+ ){3}(\S+) (\S+) .* - (\S+) /.exec(line) ?? [];
    const place = point.replace(/\\(\d{3})/g, (_, digits: string) =>
      String.fromCharCode(parseInt(digits, 8)),
    );
    const isVolume = /^(tmpfs|ramfs)$/.test(type) && part !== '/';
    return insideOnly.test(type) && !isVolume ? [place] : [];
  });
}

/** Follows links as the container itself does, as far as there is something. Only a link to a file takes a process. */
async function realPlace(run: RunInside, path: string, call: CallOptions): Promise<string> {
  const text = String.raw`path=${shellQuote(path)}
while [ ! -e "$path" ] && [ -n "$path" ]; do path=${'$'}{path%/*}; done
path=${'$'}{path:-/} name=
if [ ! -d "$path" ]; then
  if [ -L "$path" ]; then exec readlink -f -- "$path"; fi
  name=/${'$'}{path##*/} path=${'$'}{path%/*}/
fi
cd -P -- "$path" && printf '%s\n' "$PWD$name"`;
  const { exitCode, stdout } = await run(text, { ...call, label });
  return exitCode === 0 ? stdout.replace(/\n$/, '') : path;
}
