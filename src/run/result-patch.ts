import type { BaseTree } from '../swelancer/base-commit.js';
import { type Patch, patchFrom } from '../swelancer/patch.js';
import type { ResultPatch } from '../result/task-result.js';

/** A patch as plain JSON. A diff of a file that is not UTF-8 is not UTF-8 itself, and travels as base64. */
export function toResultPatch({ bytes, files, sha256 }: Patch, base: BaseTree): ResultPatch {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(buffer);
  return {
    content: isText ? text : buffer.toString('base64'),
    encoding: isText ? 'utf8' : 'base64',
    sha256,
    bytes: bytes.byteLength,
    files: [...files],
    baseTree: base.tree,
  };
}

/** The patch of a saved result. */
export function fromResultPatch({ content, encoding, files }: ResultPatch): Patch {
  return patchFrom(Buffer.from(content, encoding), files);
}
