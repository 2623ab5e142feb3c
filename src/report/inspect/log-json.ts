import type { InspectJson } from './log-format.js';

/**
 * JSON that Python's reader takes: halves of surrogate pairs, which it refuses in texts, become replacement characters.
 * Undefined members are left out. Numbers that are none would become null, which is refused too, so nobody may pass one.
 */
export function logJson(value: InspectJson | undefined): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'string' ? member.replace(loneSurrogates, '\ufffd') : member,
  );
}

const loneSurrogates = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Pieces of this many characters are worth a trip through the compressor. */
const pieceSize = 64 * 1024;

/** Joins small pieces of text, so that a stream of them costs little. */
export async function* inLargePieces(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let pending = '';
  for await (const piece of pieces) {
    pending += piece;
    if (pending.length < pieceSize) continue;
    yield pending;
    pending = '';
  }
  if (pending !== '') yield pending;
}

/** Plain JSON of whatever a caller or an agent has left, however it is typed. What JSON cannot say is left out. */
export function plain(value: unknown): InspectJson {
  // The compiler does not know that functions and undefined have no text.
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? null : (JSON.parse(text) as InspectJson);
}
