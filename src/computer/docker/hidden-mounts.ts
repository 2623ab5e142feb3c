import type { CallOptions } from '../computer-interface.js';
import type { DockerContainer } from './docker-container.js';
import type { RunInside } from './file-transfer.js';

/**
 * File systems that are mounted inside only. Where such a one is, the engine sees, and writes to, what lies below it in
 * the container's own files, and does not say so.
 */
const insideOnly = /^(tmpfs|ramfs|proc|sysfs|devtmpfs|devpts|mqueue|cgroup2?)$/;

const known = new WeakMap<DockerContainer, Promise<readonly string[]>>();

/** Whether a path is, or lies, where the engine does not see it. Mounts stay as they are while a container runs. */
export async function isHidden(
  container: DockerContainer,
  run: RunInside,
  path: string,
  call: CallOptions,
): Promise<boolean> {
  let mounts = known.get(container);
  if (mounts === undefined) {
    mounts = mountPoints(run, call);
    known.set(container, mounts);
    mounts.catch(() => known.delete(container));
  }
  return (await mounts).some((point) => `${path}/`.startsWith(`${point}/`));
}

async function mountPoints(run: RunInside, call: CallOptions): Promise<readonly string[]> {
  const { stdout } = await run('cat /proc/self/mountinfo', { ...call, label: 'look at what is mounted' });
  return stdout.split('\n').flatMap((line) => {
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
