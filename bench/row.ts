/** One line of the table: what we take, what somebody else takes for the same, both from the same run. */
export interface Row {
  readonly what: string;
  readonly ours: Figure;
  /** Who else did the same work, and how it went. Left out for a figure that has a bar of its own. */
  readonly peer?: { readonly name: string; readonly figure: Figure } | undefined;
  readonly bar?: Bar | undefined;
}

export interface Figure {
  readonly value: number;
  readonly unit: Unit;
}

/** Of times and memory less is better, of rates more. */
export type Unit = 'ms' | 's' | 'MiB' | '/s' | 'MiB/s';

/** `times`: at least so many times as good as the peer. `at most`: ours alone, in its own unit. */
export type Bar =
  | { readonly kind: 'times'; readonly value: number }
  | { readonly kind: 'at most'; readonly value: number };

/** Rows that need the same things to be there. Each group is a file; `bench.ts` lists them. */
export interface RowGroup {
  /** For `--only`, the same as the file's. */
  readonly name: string;
  /** Why it cannot be measured here; `undefined` when it can. */
  missing(): Promise<string | undefined>;
  /** Gives each row as soon as it is known. */
  measure(report: (row: Row) => void): Promise<void>;
}

/** How many times as good as the peer. `undefined` without a peer. */
export function ratioOf({ ours, peer }: Row): number | undefined {
  if (peer === undefined) return undefined;
  const isRate = ours.unit.endsWith('/s');
  return isRate ? ours.value / peer.figure.value : peer.figure.value / ours.value;
}

/** How far from the bar, 1 being just met, more being better. `undefined` without a bar. */
export function metOf(row: Row): number | undefined {
  const { bar, ours } = row;
  if (bar === undefined) return undefined;
  if (bar.kind === 'at most') return bar.value / Math.max(ours.value, Number.EPSILON);
  const ratio = ratioOf(row);
  return ratio === undefined ? undefined : ratio / bar.value;
}
