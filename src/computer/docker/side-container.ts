import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { CallOptions } from '../computer-interface.js';
import type { DockerContainer } from './docker-container.js';
import { callEngine } from './engine-call.js';
import { hasStatus } from './engine-error.js';
import { StreamDemultiplexer } from './stream-demultiplexer.js';

export interface SideRun {
  /** Needs `sh`. */
  readonly image: string;
  readonly script: string;
  readonly capabilities: readonly string[];
  /** That run at once. */
  readonly processes: number;
}

/** Milliseconds for a script of a few lines, on an engine that is busy. */
const sideTimeoutMs = 60_000;

/**
 * Runs a script to its end in a container of its own that shares the computer's network and nothing else, with
 * capabilities the computer itself does not have.
 */
export async function runBeside(
  container: DockerContainer,
  { image, script, capabilities, processes }: SideRun,
  { signal }: CallOptions,
): Promise<{ exitCode: number; output: string }> {
  const { docker } = container;
  // Each time another: the one before may still be on its way out.
  const name = `${container.name}-side-${randomBytes(4).toString('hex')}`;
  const side = docker.getContainer(name);
  const call = { signal, timeoutMs: sideTimeoutMs };
  try {
    // Not interrupted, as the container it makes is removed below.
    await callEngine(
      async () =>
        await docker.createContainer({
          name,
          Image: image,
          Labels: { ...container.labels },
          Entrypoint: ['sh', '-c', script],
          Cmd: [],
          User: '0',
          Tty: false,
          HostConfig: {
            NetworkMode: `container:${container.id}`,
            CapDrop: ['ALL'],
            CapAdd: [...capabilities],
            SecurityOpt: ['no-new-privileges'],
            ReadonlyRootfs: true,
            PidsLimit: processes,
          },
        }),
    );
    await callEngine((abortSignal) => side.start({ abortSignal }), call);
    const { StatusCode: exitCode } = (await callEngine(
      (abortSignal) => side.wait({ abortSignal }),
      call,
    )) as {
      StatusCode: number;
    }; // dockerode's type is `any`.
    const log = await callEngine(
      (abortSignal) => side.logs({ stdout: true, stderr: true, follow: false, abortSignal }),
      call,
    );
    const demultiplexer = new StreamDemultiplexer();
    Readable.from([log]).pipe(demultiplexer);
    const [stdout, stderr] = await Promise.all([text(demultiplexer.stdout), text(demultiplexer.stderr)]);
    return { exitCode, output: stdout + stderr };
  } finally {
    await callEngine(async () => await (side.remove({ force: true, v: true }) as Promise<unknown>)).catch(
      (error: unknown) => {
        if (!hasStatus(error, 404, 409)) throw error;
      },
    );
  }
}
