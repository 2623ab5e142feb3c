import { join } from 'node:path';
import { writeDurably } from './durable-file.js';

/** Keeps files under their names in a folder, each as a whole. For `artifacts: { keep: artifactFolder(path) }`. */
export function artifactFolder(
  path: string,
): (artifact: { readonly name: string; readonly bytes: Uint8Array }) => Promise<void> {
  return ({ name, bytes }) => writeDurably(join(path, name), bytes);
}
