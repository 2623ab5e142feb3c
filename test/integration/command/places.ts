import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { canMakeRoots, createBusyboxRoot } from '../../fixtures/busybox-root.js';
import { isMissing } from '../../fixtures/system-need.js';
import { startPodServer } from '../../fixtures/kubectl/pod-server.js';

export interface Place {
  readonly prefix: readonly string[];
  /** Ends what runs there. Idempotent. */
  remove(): Promise<void>;
  /** Ends all that runs there, and has the same place again, with its files. Not everywhere. */
  readonly restart?: () => Promise<void>;
}

// Without its own cgroup manager and events it also runs where there is no systemd.
const podman = ['podman', '--runtime', 'runc', '--cgroup-manager=cgroupfs', '--events-backend=file'];

/** The ways into a place that are tested. What cannot be made on this machine is skipped visibly. */
export const places: readonly { name: string; missing: boolean; create(): Promise<Place> }[] = [
  {
    name: 'chroot',
    missing: !canMakeRoots,
    create: async () => {
      const root = createBusyboxRoot();
      return { prefix: ['chroot', root.path], remove: async () => root.remove() };
    },
  },
  {
    name: 'nsenter into namespaces made by unshare',
    missing: !canMakeRoots,
    create: async () => {
      const root = createBusyboxRoot();
      const script = `mount -t proc proc ${root.path}/proc && exec chroot ${root.path} sleep 100000`;
      let place: ChildProcess | undefined;
      const start = async () => {
        const started = spawn('unshare', ['--fork', '--pid', '--mount', '--kill-child', 'sh', '-c', script]);
        place = started;
        writeFileSync(`${root.path}/pid`, String(await childRunning(started.pid ?? 0, 'sleep')));
      };
      const end = async () => {
        const ended = place !== undefined && once(place, 'exit');
        place?.kill('SIGKILL');
        place = undefined;
        await ended;
      };
      await start();
      // What is run stays the same when the place has another process.
      const enter = `exec nsenter --target "$(cat '${root.path}/pid')" --mount --pid --root --wd -- "$@"`;
      return {
        prefix: ['sh', '-c', enter, 'sh'],
        remove: async () => {
          await end();
          root.remove();
        },
        restart: async () => {
          await end();
          await start();
        },
      };
    },
  },
  {
    name: 'a stand-in kubectl',
    missing: false,
    create: async () => {
      const server = await startPodServer();
      return { prefix: server.prefix('pod-1'), remove: async () => server[Symbol.asyncDispose]() };
    },
  },
  {
    name: 'podman',
    missing: isMissing(!canRunPodman(), 'Install podman and runc.'),
    create: async () => {
      const root = createBusyboxRoot();
      const name = startPodman(root.path);
      return {
        prefix: [...podman, 'exec', '-i', name],
        remove: async () => {
          execFileSync(podman[0] ?? '', [...podman.slice(1), 'rm', '-f', '-t', '0', name], { stdio: 'pipe' });
          root.remove();
        },
      };
    },
  },
];

function startPodman(rootPath: string): string {
  const name = `swelancer-${process.pid}-${Math.floor(performance.now())}`;
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=10000:10000'];
  const [file = '', ...options] = podman;
  const run = ['run', '-d', '--name', name, '--network', 'none', ...limits, '--rootfs', rootPath];
  execFileSync(file, [...options, ...run, 'sleep', '100000'], { stdio: 'pipe' });
  return name;
}

function canRunPodman(): boolean {
  if (spawnSync('podman', ['--version']).status !== 0 || !canMakeRoots) return false;
  const root = createBusyboxRoot();
  try {
    const name = startPodman(root.path);
    return spawnSync('podman', [...podman.slice(1), 'rm', '-f', '-t', '0', name]).status === 0;
  } catch {
    return false;
  } finally {
    root.remove();
  }
}

async function childRunning(parent: number, program: string): Promise<number> {
  for (;;) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const [, ppid] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' ');
        const [name] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        if (Number(ppid) === parent && name === program) return Number(pid);
      } catch {
        // It has ended in the meantime.
      }
    }
    await sleep(20);
  }
}
