import type { CommandResult, OutputStream } from '../computer-interface.js';

/**
 * The bytes of one stream of a reading, from a result that came as a whole. Text may have lost bytes that are no UTF-8:
 * counts in it are put right. `undefined` where the end of the reading is not in it, so that nothing is known to be there.
 */
export function wholeStream(
  result: CommandResult,
  stream: OutputStream,
  end: string,
): Uint8Array | undefined {
  const captured = result.captured?.[stream];
  if (captured !== undefined && captured.omittedBytes > 0) return undefined;
  const mark = `\x1e${end}`;
  if (captured !== undefined) {
    const bytes = Buffer.concat([captured.head, captured.tail]);
    return bytes.includes(`${mark}${stream === 'stdout' ? ' ' : '\n'}`) ? bytes : undefined;
  }
  // A sloppy implementation may leave a stream out, whatever its type says.
  const text = (result[stream] as string | undefined) ?? '';
  if (stream === 'stdout') return text.includes(`${mark} `) ? Buffer.from(text) : undefined;
  const [before = '', ...pieces] = text.split(mark);
  if (!pieces.some((piece) => piece.startsWith('\n'))) return undefined;
  const framed = pieces.map((piece) => {
    const [, count = '', body = ''] = /^ (\d+)\n([^]*)$/.exec(piece) ?? [];
    const bytes = body.includes('\uFFFD') ? Buffer.byteLength(body) : count;
    return count === '' ? piece : ` ${bytes}\n${body}`;
  });
  return Buffer.from([before, ...framed].join(mark));
}
