/** What a reading told at its end: the command's exit, and what became of each stream. */
export interface SpoolEnd {
  /** A token, or what there is to say in place of one: `gone`, `removed`, `unclaimed`, `taken`, `unspooled`. */
  readonly exit: string;
  readonly streams: readonly string[];
}

export function parseSpoolEnd(text: string): SpoolEnd {
  const [exit = '', ...streams] = text.trim().split(' ');
  return { exit, streams };
}
