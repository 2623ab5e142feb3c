/** One block of a tar stream that begins an entry. Names are bytes, one character each. */
export interface ArchiveHeader {
  /** `extension`: its content says something of the entry that follows, or of all. */
  readonly kind: 'file' | 'directory' | 'link' | 'hard-link' | 'extension' | 'other';
  readonly type: string;
  readonly name: string;
  readonly linkName: string;
  /** Bytes of content. */
  size: number;
}

const kinds: Readonly<Record<string, ArchiveHeader['kind']>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hard-link',
  '2': 'link',
  '5': 'directory',
  x: 'extension',
  g: 'extension',
  L: 'extension',
  K: 'extension',
};

/** Reads a block of 512 bytes. An empty one ends an archive. */
export function readHeader(block: Buffer): ArchiveHeader | 'end' | 'damaged' {
  if (block.every((byte) => byte === 0)) return 'end';
  const size = readNumber(block.subarray(124, 136));
  if (readNumber(block.subarray(148, 156)) !== checksum(block) || size === undefined) return 'damaged';
  const text = (from: number, to: number) => block.toString('latin1', from, to).replace(/\0.*$/s, '');
  // What GNU's own format has at the place of a prefix is none.
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? text(345, 500) : '';
  const type = block.toString('latin1', 156, 157);
  return {
    kind: kinds[type] ?? 'other',
    type,
    name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    linkName: text(157, 257),
    size,
  };
}

/** Octal digits, or base 256 where the first bit is set. Undefined for anything else. */
function readNumber(field: Buffer): number | undefined {
  const first = field[0] ?? 0;
  if (first >= 0x80) {
    const value = first === 0x80 ? Number(BigInt(`0x${field.subarray(1).toString('hex')}`)) : NaN;
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trimStart();
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : undefined;
}

/** The sum of all bytes, those of the sum itself taken for blanks. */
function checksum(block: Buffer): number {
  return block.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0);
}
