import type { CapturedOutput } from './computer-interface.js';

/**
 * Captured bytes as text. Broken UTF-8 becomes U+FFFD. Where bytes are missing, a line of its own counts them;
 * a character that the cut went through counts as missing too.
 */
export function capturedText(captured: CapturedOutput): string {
  const { head, tail, omittedBytes } = captured;
  if (omittedBytes === 0) return decode(joined(head, tail));
  const start = head.subarray(0, wholeCharactersLength(head));
  const end = tail.subarray(brokenStartLength(tail));
  const missing = omittedBytes + (head.length - start.length) + (tail.length - end.length);
  return `${decode(start)}\n[... ${missing} bytes left out ...]\n${decode(end)}`;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  return tail.length === 0 ? head : Buffer.concat([head, tail]);
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  return bytes.length === 0 ? '' : decoder.decode(bytes);
}

/** Length without a character at the end whose rest is missing. */
function wholeCharactersLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isContinuation(byte)) continue;
    return back < characterLength(byte) ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Continuation bytes at the start, whose character began in the missing part. */
function brokenStartLength(bytes: Uint8Array): number {
  let length = 0;
  while (length < 3 && length < bytes.length && isContinuation(bytes[length] ?? 0)) length++;
  return length;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function characterLength(firstByte: number): number {
  if (firstByte >= 0xf0) return 4;
  if (firstByte >= 0xe0) return 3;
  return firstByte >= 0xc0 ? 2 : 1;
}
