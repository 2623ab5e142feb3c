import type { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import type { CallOptions } from '../computer-interface.js';
import type { DockerContainer } from './docker-container.js';
import { callEngine, callEngineTwice } from './engine-call.js';
import { startOf, whenMoving, whileMoving } from './exec-gate.js';
import { asSocket } from './engine-stream.js';
import { StreamDemultiplexer } from './stream-demultiplexer.js';

export interface ExecRequest {
  readonly argv: readonly string[];
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly user?: string | undefined;
}

/** Creates an exec. Nothing runs until it is started. */
export async function createExec(
  { docker, id }: Pick<DockerContainer, 'docker' | 'id'>,
  { argv, environment = {}, user }: ExecRequest,
  call: CallOptions,
): Promise<string> {
  const create = async (abortSignal: AbortSignal) =>
    await whileMoving(id, abortSignal, async () =>
      docker.getContainer(id).exec({
        Cmd: [...argv],
        Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        Tty: false,
        // The image's own directory may have been removed, and an exec whose directory is missing does not start.
        WorkingDir: '/',
        abortSignal,
        ...(user === undefined ? {} : { User: user }),
      }),
    );
  await whenMoving(id, call);
  const exec = await callEngine(create, call);
  return exec.id;
}

/** Starts an exec. The socket is its standard input one way and its multiplexed output the other. */
export async function startExec(
  { docker, id }: Pick<DockerContainer, 'docker' | 'id'>,
  execId: string,
  call: CallOptions,
): Promise<Socket> {
  const start = async (abortSignal: AbortSignal) =>
    await whileMoving(id, abortSignal, async () => {
      const heard = startOf(id, execId);
      try {
        // Without the hijack, the end of standard input would end the output too.
        const options = { hijack: true, stdin: true, Tty: false, Detach: false };
        const stream = await docker.getExec(execId).start(options);
        const socket = asSocket(stream);
        socket.once('close', heard);
        return socket;
      } catch (error) {
        heard();
        throw error;
      }
    });
  await whenMoving(id, call);
  const socket = await callEngine(start, { ...call, onLate: (late) => late.destroy() });
  socket.on('error', () => undefined);
  socket.setKeepAlive(true, 15_000);
  return socket;
}

/** The exit code, `null` while it runs or when the engine does not say. */
export async function inspectExec(
  { docker }: Pick<DockerContainer, 'docker'>,
  execId: string,
): Promise<{ running: boolean; exitCode: number | null }> {
  const state = await callEngineTwice((abortSignal) => docker.getExec(execId).inspect({ abortSignal }), {
    timeoutMs: 20_000,
  });
  return { running: state.Running, exitCode: state.Running ? null : (state.ExitCode ?? null) };
}

/** Runs a short program of ours to its end and returns its standard output. @throws what the engine refuses it with */
export async function runExec(
  container: Pick<DockerContainer, 'docker' | 'id'>,
  argv: readonly string[],
  { user, ...call }: CallOptions & Pick<ExecRequest, 'user'>,
): Promise<{ exitCode: number | null; stdout: string }> {
  const execId = await createExec(container, { argv, user }, call);
  const socket = await startExec(container, execId, call);
  const stop = () => socket.destroy();
  call.signal?.addEventListener('abort', stop, { once: true });
  try {
    const demultiplexer = new StreamDemultiplexer();
    socket.end();
    socket.pipe(demultiplexer);
    socket.on('close', () => demultiplexer.destroy());
    demultiplexer.on('error', () => undefined);
    demultiplexer.stderr.on('error', () => undefined).resume();
    const chunks: Buffer[] = [];
    demultiplexer.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    await finished(demultiplexer.stdout);
    call.signal?.throwIfAborted();
    const { exitCode } = await inspectExec(container, execId);
    return { exitCode, stdout: Buffer.concat(chunks).toString('utf8') };
  } finally {
    call.signal?.removeEventListener('abort', stop);
    socket.destroy();
  }
}
