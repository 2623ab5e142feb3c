import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { CallOptions } from '../computer-interface.js';
import type { DockerContainer } from './docker-container.js';
import { createExec, startExec } from './docker-exec.js';

/**
 * Waits for the end of its input, which comes when the harness has gone, however it went. Then everything but itself
 * and the init process is killed, which ends the container, and the engine removes it. Built-ins only.
 */
const deadManText = 'while read -r line; do :; done; kill -KILL -1; kill -TERM 1; kill -KILL 1';

/** Milliseconds before another try when the exec was ended from inside: the agent is root and may do so. */
const rearmAfterMs = 1000;

/**
 * Keeps one exec open whose end of input ends the container. For engines on this machine only: a connection to another
 * one may break while the harness is alive. Dispose it before the container is removed.
 */
export async function armDeadMan(container: DockerContainer, call: CallOptions): Promise<Disposable> {
  let socket = await open(container, call);
  let disarmed = false;
  const watch = async () => {
    for (;;) {
      await closed(socket);
      if (disarmed || container.watch.end !== undefined) return;
      await wait(rearmAfterMs, undefined, { ref: false });
      // Disposed while we waited: TypeScript does not see that the flag may have changed.
      if (isDisarmed()) return;
      try {
        socket = await open(container, {});
      } catch {
        // An engine that refuses tells its reason to whoever sends the next command.
        return;
      }
      if (isDisarmed()) socket.destroy();
    }
  };
  const isDisarmed = () => disarmed;
  void watch();
  return {
    [Symbol.dispose]: () => {
      disarmed = true;
      socket.destroy();
    },
  };
}

async function open(container: DockerContainer, call: CallOptions): Promise<Socket> {
  // Where another user is the container's, root has no capabilities, and may not end that user's processes.
  const user = container.runsAsRoot ? '0' : undefined;
  const execId = await createExec(container, { argv: ['sh', '-c', deadManText], user }, call);
  const socket = await startExec(container, execId, call);
  // What it says does not matter, but unread bytes would hide the end.
  socket.resume();
  return socket;
}

async function closed(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  await new Promise<void>((resolve) =>
    socket.once('close', () => resolve()).once('end', () => socket.destroy()),
  );
}
