import { createHash } from 'node:crypto';

/**
 * An id in the look of Inspect's own: 22 letters and digits, so that file names, which it splits at `-` and `_`, hold. The
 * same parts always give the same id: a run that is exported again replaces itself in a list.
 */
export function logId(...parts: readonly (string | number)[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return BigInt(`0x${digest}`).toString(36).slice(0, 22);
}

/** A task's id as a sample's: it names a member of the archive, so it must not look like a path. */
export function sampleId(taskId: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  // eslint-disable-next-line no-control-regex
  return taskId.replace(/[/\\%\u0000-\u001f]|^\.+$/g, encodeAll);
}

function encodeAll(characters: string): string {
  return Array.from(
    characters,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}

export function sampleMember(taskId: string, epoch: number): string {
  return `samples/${sampleId(taskId)}_epoch_${epoch}.json`;
}
