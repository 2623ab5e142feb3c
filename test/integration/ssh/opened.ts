import { afterEach } from 'vitest';
import type { ComputerInterface } from '../../../src/computer/index.js';
import { type SshComputerOptions, sshComputer } from '../../../src/computer/ssh/index.js';
import { type SshServer, type SshServerOptions, startSshServer } from '../../fixtures/ssh-server.js';

/** What the running test has opened, to be closed after it, the last one first. */
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A server for the running test. */
export async function serve(options?: SshServerOptions): Promise<SshServer> {
  const server = await startSshServer(options);
  cleanups.push(async () => server[Symbol.asyncDispose]());
  return server;
}

/** A computer for the running test. */
export async function connect(options: SshComputerOptions): Promise<ComputerInterface> {
  return closing(await sshComputer({ entryCommand: false, environment: {}, ...options }));
}

/** Has it cleaned up after the running test. */
export function closing(computer: ComputerInterface): ComputerInterface {
  cleanups.push(() => computer.cleanup().catch(() => undefined));
  return computer;
}
