import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Computer } from 'swelancer';
import { missingDocker, waitingComputer } from './docker-place.js';
import { createLocalFiles, fileMib, type LocalFiles, removeChecked, treeFiles } from './local-files.js';
import { median, peakGrowthMib, takeTurns } from './measure.js';
import type { Row, RowGroup } from './row.js';
import { missingSsh, sshPlace } from './ssh-place.js';
import { effort } from './effort.js';

/** More for single files: on a busy machine one run takes twice the time of the next one. */
const [fileRounds, treeRounds] = [effort(11, 1), effort(3, 1)];
/** Our reading of "memory flat". */
const flatMib = 64;
const maxBytes = 2 * fileMib * 1024 ** 2;

/** Files and trees into and out of a container, against `docker cp`. */
export const dockerTransfers: RowGroup = {
  name: 'docker-transfers',
  missing: missingDocker,
  measure: async (report) => {
    await using files = await createLocalFiles();
    await using computer = await waitingComputer();
    const place: Place = {
      kind: 'Docker',
      computer,
      files,
      remote: '/tmp/bench',
      clients: [
        {
          name: 'docker cp',
          up: async (from, to) => execa('docker', ['cp', from, `${computer.id}:${to}`]),
          down: async (from, to) => execa('docker', ['cp', `${computer.id}:${from}`, to]),
          read: async (from) => bytesOf('docker', ['cp', `${computer.id}:${from}`, '-']),
        },
      ],
      isBar: true,
    };
    await measureTransfers(place, report);
  },
};

/** The same over SSH, against `scp` and `rsync` over a connection that stands. */
export const sshTransfers: RowGroup = {
  name: 'ssh-transfers',
  missing: async () => (await missingSsh()) ?? (await missingRsync()),
  measure: async (report) => {
    await using files = await createLocalFiles();
    await using place = await sshPlace();
    const { computer, destination, multiplexed } = place;
    const scp = ['-q', '-r', ...multiplexed];
    const shell = ['ssh', ...multiplexed].join(' ');
    const rsync = {
      name: 'rsync',
      up: async (from: string, to: string) =>
        execa('rsync', ['-a', '-e', shell, from, `${destination}:${to}`]),
      down: async (from: string, to: string) =>
        execa('rsync', ['-a', '-e', shell, `${destination}:${from}`, to]),
    };
    const remote = join(files.folder, 'remote');
    const clients = [
      {
        name: 'scp',
        up: async (from: string, to: string) => execa('scp', [...scp, from, `${destination}:${to}`]),
        down: async (from: string, to: string) => execa('scp', [...scp, `${destination}:${from}`, to]),
        // It writes files only.
        read: async (from: string) => bytesOf('ssh', [...multiplexed, destination, 'cat', from]),
      },
      rsync,
    ];
    await measureTransfers({ kind: 'SSH', computer, files, remote, clients, isBar: false }, report);
  },
};

/** Why there is one client less to compare with. */
async function missingRsync(): Promise<string | undefined> {
  const { exitCode } = await execa('rsync', ['--version'], { reject: false });
  return exitCode === 0 ? undefined : 'there is no rsync (apt-get install rsync)';
}

interface Client {
  readonly name: string;
  /** `to` is a folder that exists; `from` gets its own name there. */
  readonly up: (from: string, to: string) => Promise<unknown>;
  readonly down: (from: string, to: string) => Promise<unknown>;
  /** A file in memory; in an archive, where that is how the client gives it. */
  readonly read?: (from: string) => Promise<Uint8Array>;
}

interface Place {
  readonly kind: string;
  readonly computer: Computer;
  readonly files: LocalFiles;
  /** A folder of the computer that is ours. */
  readonly remote: string;
  readonly clients: readonly Client[];
  readonly isBar: boolean;
}

/** The same work for everybody: `prepare` and `tidy` are not measured. */
interface Job {
  readonly what: string;
  readonly ours: (to: string) => Promise<unknown>;
  readonly theirs: (client: Client, to: string) => Promise<unknown>;
  /** Default: every client. */
  readonly can?: (client: Client) => boolean;
  /** Makes the folder to write to, and gives its path. */
  readonly prepare: () => Promise<string>;
  readonly tidy: (folder: string) => Promise<void>;
  /** Whether the result may not be in memory as a whole. */
  readonly isFlat: boolean;
  readonly rounds: number;
}

async function measureTransfers(place: Place, report: (row: Row) => void): Promise<void> {
  const { computer, files, remote } = place;
  const into = join(files.folder, 'into');
  const upward = {
    prepare: async () => {
      await computer.checkShellCommand(`mkdir -p ${remote}/to`);
      return `${remote}/to`;
    },
    tidy: async (folder: string) => {
      await computer.checkShellCommand(`rm -rf ${folder}`);
    },
  };
  const downward = {
    prepare: async () => {
      await mkdir(into);
      return into;
    },
    tidy: removeChecked,
  };
  const [single, tree] = [`${remote}/from/single`, `${remote}/from/tree`];
  const jobs: readonly Job[] = [
    {
      what: `upload of ${fileMib} MiB`,
      ours: async (to) => computer.upload(join(files.single, 'content'), `${to}/content`),
      theirs: async (client, to) => client.up(join(files.single, 'content'), to),
      ...upward,
      isFlat: true,
      rounds: fileRounds,
    },
    {
      what: `download of ${fileMib} MiB to disk`,
      ours: async (to) => computer.downloadTreeTo(single, join(to, 'single'), { maxBytes }),
      theirs: async (client, to) => client.down(single, to),
      ...downward,
      isFlat: true,
      rounds: fileRounds,
    },
    {
      what: `download of ${fileMib} MiB into memory`,
      ours: async () => checkWhole(await computer.download(`${single}/content`, { maxBytes })),
      theirs: async ({ read }) => checkWhole(await read?.(`${single}/content`)),
      can: ({ read }) => read !== undefined,
      prepare: async () => '',
      tidy: async () => undefined,
      isFlat: false,
      rounds: fileRounds,
    },
    {
      what: `upload of ${treeFiles} files`,
      ours: async (to) => computer.uploadTree(files.tree, `${to}/tree`),
      theirs: async (client, to) => client.up(files.tree, to),
      ...upward,
      isFlat: true,
      rounds: treeRounds,
    },
    {
      what: `download of ${treeFiles} files`,
      ours: async (to) => computer.downloadTreeTo(tree, join(to, 'tree')),
      theirs: async (client, to) => client.down(tree, to),
      ...downward,
      isFlat: true,
      rounds: treeRounds,
    },
  ];
  await computer.uploadTree(files.single, single);
  await computer.uploadTree(files.tree, tree);
  for (const job of jobs) await measureJob(place, job, report);
  // Afterwards: collecting garbage, as the look at memory does, makes the engine of JavaScript thrifty, and slow, for long.
  for (const job of jobs) if (job.isFlat) await measureMemory(place, job, report);
  await computer.checkShellCommand(`rm -rf ${remote}`);
  await rm(into, { recursive: true, force: true });
}

async function bytesOf(file: string, parameters: readonly string[]): Promise<Uint8Array> {
  const options = { encoding: 'buffer', stripFinalNewline: false, maxBuffer: maxBytes } as const;
  return (await execa(file, parameters, options)).stdout;
}

function checkWhole(bytes: Uint8Array | undefined): void {
  if (bytes === undefined || bytes.length < fileMib * 1024 ** 2) throw new Error('Something was lost.');
}

async function measureJob(
  { kind, clients: all, isBar }: Place,
  job: Job,
  report: (row: Row) => void,
): Promise<void> {
  const clients = all.filter((client) => job.can?.(client) ?? true);
  const contender = (work: (to: string) => Promise<unknown>) => ({
    prepare: job.prepare,
    run: work,
    tidy: job.tidy,
  });
  const taken = await takeTurns<string, string>(job.rounds, {
    ours: contender(job.ours),
    ...Object.fromEntries(
      clients.map((client) => [client.name, contender(async (to) => job.theirs(client, to))]),
    ),
  });
  const seconds = (ms: readonly number[] = []) => ({ value: median(ms) / 1000, unit: 's' }) as const;
  const what = `${kind} ${job.what}`;
  for (const { name } of clients) {
    report({
      what,
      ours: seconds(taken['ours']),
      peer: { name, figure: seconds(taken[name]) },
      bar: isBar ? { kind: 'times', value: 1 } : undefined,
    });
  }
}

async function measureMemory(
  { kind }: Place,
  { what, ours, prepare, tidy }: Job,
  report: (row: Row) => void,
): Promise<void> {
  const folder = await prepare();
  const value = await peakGrowthMib(async () => ours(folder));
  await tidy(folder);
  report({
    what: `${kind} ${what}, memory`,
    ours: { value, unit: 'MiB' },
    bar: { kind: 'at most', value: flatMib },
  });
}
