import { rm } from 'node:fs/promises';
import type { Environment } from '../../redaction.js';
import type { ComputerDescription, ComputerInterface } from '../computer-interface.js';
import { defineComputer } from '../define-computer.js';
import { CleanupError, ComputerLostError } from '../errors.js';
import { createControlShell } from '../shell/control-shell.js';
import { endProcesses } from '../shell/end-processes.js';
import { createShellEngine } from '../shell/shell-engine.js';
import type { EntryProcess } from './entry-process.js';
import { localFiles } from './local-files.js';
import type { LocalRoot } from './local-root.js';
import { localTransport } from './local-transport.js';

export interface LocalComputerOptions {
  readonly id: string;
  readonly place: LocalRoot;
  /** Absolute, on this machine. */
  readonly workingDirectory: string;
  /** What every process gets, and nothing else of this machine's. */
  readonly environment: Readonly<Record<string, string>>;
  /** Added to the commands'. May hold secrets, which are kept out of messages. */
  readonly commandEnvironment: Environment;
  /** Begins the marker of every process of this computer. */
  readonly marker: string;
  readonly entry?: EntryProcess | undefined;
  /** Leaves the files for inspection. */
  readonly keepRoot: boolean;
}

/** Processes and files below one temporary folder as a computer. */
export function createLocalComputer(options: LocalComputerOptions): ComputerInterface {
  const { id, place, environment, entry } = options;
  const files = localFiles(place.root);
  const describe = async (): Promise<ComputerDescription> =>
    (await entry?.describe()) ?? { state: 'running' };
  const engine = createShellEngine({
    transport: localTransport({ environment }),
    workingDirectory: options.workingDirectory,
    environment: options.commandEnvironment,
    computerId: id,
    marker: options.marker,
    describe,
  });
  let cleaning: Promise<void> | undefined;
  const assertOpen = () => {
    if (cleaning === undefined) return;
    const message = 'The computer has been cleaned up.';
    throw new ComputerLostError(message, { reason: 'cleaned_up', computerId: id });
  };
  return defineComputer({
    id,
    root: place.root,
    capabilities: {
      killsProcessTree: true,
      streamsOutput: true,
      boundsOutput: true,
      choosesShell: true,
      survivesLostLinks: true,
      switchesUser: false,
    },
    sendShellCommand: async (...parameters) => await engine.sendShellCommand(...parameters),
    killAll: async (...parameters) => await engine.killAll(...parameters),
    describe,
    upload: async (...parameters) => {
      assertOpen();
      await files.upload(...parameters);
    },
    download: async (...parameters) => {
      assertOpen();
      return await files.download(...parameters);
    },
    uploadTree: async (...parameters) => {
      assertOpen();
      await files.uploadTree(...parameters);
    },
    downloadTree: (...parameters) => {
      assertOpen();
      return files.downloadTree(...parameters);
    },
    cleanup: async () => {
      cleaning ??= (async () => {
        await engine.close();
        await endLocalComputer(options);
      })();
      await cleaning;
    },
  });
}

/** Ends every process of a local computer and removes its files. @throws CleanupError */
export async function endLocalComputer(
  options: Pick<LocalComputerOptions, 'id' | 'place' | 'marker' | 'entry' | 'keepRoot'>,
): Promise<void> {
  const { id: computerId, place, entry } = options;
  const control = createControlShell(localTransport({ environment: controlEnvironment }), computerId);
  const { survivors } = await endProcesses({
    control,
    query: { marker: `${options.marker}.`, group: entry?.pid },
    graceMs: 0,
  });
  control.close();
  if (!options.keepRoot) {
    await rm(place.folder, { recursive: true, force: true, maxRetries: 3 }).catch((cause: unknown) => {
      const message = `The files of a local computer could not be removed; remove ${place.folder} yourself.`;
      throw new CleanupError(message, { computerId, cause });
    });
  }
  if (survivors !== null && survivors > 0) {
    const message = `${survivors} processes of a local computer could not be ended; look for SWELANCER_COMMAND=${options.marker} in their environment.`;
    throw new CleanupError(message, { computerId });
  }
}

/** Nothing but built-ins runs in it; the path is for finding `sh` itself. */
const controlEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin' };
