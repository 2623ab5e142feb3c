import { type Markup, markup } from '../markup.js';

export interface LegendEntry {
  /** A class of `plotStyle` that fills. */
  readonly className: string;
  readonly label: string;
}

/** A row of squares with their meanings. Widths of texts are estimated: there is no font here. */
export function legend(entries: readonly LegendEntry[], x: number, y: number): readonly Markup[] {
  let left = x;
  return entries.map(({ className, label }) => {
    const start = left;
    left += 16 + label.length * 6.7 + 14;
    return markup`<rect class="${className}" x="${start}" y="${y - 9}" width="10" height="10" rx="2"/><text x="${start + 15}" y="${y}">${label}</text>`;
  });
}

/** To a hundredth: more digits only make the file larger. */
export function place(value: number): number {
  return Math.round(value * 100) / 100;
}
