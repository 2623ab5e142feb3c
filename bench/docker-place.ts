import { type Duplex, PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import Docker from 'dockerode';
import { Computer, type ComputerRequest } from 'swelancer';
import { dockerRuntime } from 'swelancer/docker';
import { hasBusybox, importImage } from '../test/fixtures/busybox-image.js';
import { check, smallCommand } from './commands.js';

export const docker = new Docker();

/** Debian as in the benchmark's images; `examples/sample-benchmark/image/build.sh` makes it. */
const debianImage = 'swelancer_sample_base:bookworm-1';
const busyboxImage = 'swelancer-bench:busybox';

/** Why there is no container to measure in. */
export async function missingDocker(): Promise<string | undefined> {
  try {
    await docker.ping();
  } catch (error) {
    return `no Docker engine answers (${error instanceof Error ? error.message : String(error)})`;
  }
  if (hasBusybox || (await isHere(debianImage))) return undefined;
  return 'there is no image: run examples/sample-benchmark/image/build.sh, or install busybox';
}

/** The small image that all groups use. */
export async function smallImage(): Promise<string> {
  if (await isHere(debianImage)) return debianImage;
  if (!(await isHere(busyboxImage))) await importImage(docker, busyboxImage);
  return busyboxImage;
}

export async function isHere(image: string): Promise<boolean> {
  return await docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

/** A computer that does nothing but wait for commands. Its id is its container's name. */
export async function waitingComputer(): Promise<Computer> {
  const waiting = dockerRuntime({ docker, pull: 'never', command: ['sleep', '2147483647'] });
  return Computer.from(await waiting.start(requestFor(await smallImage()), { emit: () => undefined }));
}

function requestFor(image: string): ComputerRequest {
  return { purpose: 'agent', image, environment: {}, workingDirectory: '/tmp' };
}

/** Starts a command the way dockerode's own documentation does, and gives its multiplexed connection. */
export async function startFreshExec(container: string, command: string) {
  const exec = await docker
    .getContainer(container)
    .exec({ Cmd: ['sh', '-c', command], AttachStdout: true, AttachStderr: true });
  const stream: Duplex = await exec.start({ hijack: true, stdin: false });
  return { exec, stream };
}

/** The small command as an exec of its own, to its output and exit code. */
export async function freshExec(container: string): Promise<void> {
  const { exec, stream } = await startFreshExec(container, smallCommand);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const chunks: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  stderr.resume();
  docker.modem.demuxStream(stream, stdout, stderr);
  await finished(stream, { writable: false });
  const { ExitCode: exitCode } = await exec.inspect();
  check(Buffer.concat(chunks).toString(), exitCode);
}
