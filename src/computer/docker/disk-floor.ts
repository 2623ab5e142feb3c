import { statfs } from 'node:fs/promises';
import type Docker from 'dockerode';
import type { CallOptions } from '../computer-interface.js';
import { engineFacts } from './engine-facts.js';

/**
 * Free bytes where the engine keeps its images. `undefined` where that cannot be seen: an engine elsewhere, or one in a
 * virtual machine.
 */
export async function freeImageSpace(docker: Docker, call: CallOptions): Promise<number | undefined> {
  const { root } = await engineFacts(docker, call);
  if (root === undefined) return undefined;
  try {
    const { bavail, bsize } = await statfs(root);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
