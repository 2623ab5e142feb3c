import { commandFailure } from './command-failure.js';
import type { ComputerInterface } from './computer-interface.js';
import { ComputerLostError } from './errors.js';

/** The five methods without `checkShellCommand`, which follows from `sendShellCommand`. */
export type ComputerDefinition = Omit<ComputerInterface, 'checkShellCommand'> &
  Partial<Pick<ComputerInterface, 'checkShellCommand'>>;

/**
 * Makes a computer out of plain functions, or out of an instance of your own class. Once `cleanup` has been called,
 * commands and files are refused with ComputerLostError.
 *
 * ```ts
 * const computer = defineComputer({
 *   sendShellCommand: async (command, options) => run(command, options),
 *   upload: async (source, remotePath) => put(source, remotePath),
 *   download: async (remotePath) => get(remotePath),
 *   cleanup: async () => release(),
 * });
 * ```
 */
export function defineComputer(definition: ComputerDefinition): ComputerInterface {
  const { id, root, capabilities, durability } = definition;
  let isCleanedUp = false;
  const assertOpen = () => {
    if (!isCleanedUp) return;
    throw new ComputerLostError('The computer has been cleaned up.', {
      reason: 'cleaned_up',
      computerId: id,
    });
  };
  return {
    id,
    root,
    capabilities,
    durability,
    sendShellCommand: async (command, options) => {
      assertOpen();
      return definition.sendShellCommand(command, options);
    },
    checkShellCommand: async (command, options) => {
      assertOpen();
      if (definition.checkShellCommand !== undefined) {
        return definition.checkShellCommand(command, options);
      }
      const result = await definition.sendShellCommand(command, options);
      if (result.exitCode === 0) return result;
      throw commandFailure(options?.label ?? command, result, { computerId: id });
    },
    upload: async (source, remotePath, options) => {
      assertOpen();
      return definition.upload(source, remotePath, options);
    },
    download: async (remotePath, options) => {
      assertOpen();
      return definition.download(remotePath, options);
    },
    cleanup: async (options) => {
      isCleanedUp = true;
      return definition.cleanup(options);
    },
    ...(definition.uploadTree && { uploadTree: definition.uploadTree.bind(definition) }),
    ...(definition.downloadTree && { downloadTree: definition.downloadTree.bind(definition) }),
    ...(definition.setNetworkPolicy && { setNetworkPolicy: definition.setNetworkPolicy.bind(definition) }),
    ...(definition.snapshot && { snapshot: definition.snapshot.bind(definition) }),
    ...(definition.killAll && { killAll: definition.killAll.bind(definition) }),
    ...(definition.describe && { describe: definition.describe.bind(definition) }),
  };
}
