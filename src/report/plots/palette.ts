/** Light and dark value of every colour of a report. Money and passing share the one strong colour. */
export const palette = {
  paper: ['#fbfbf9', '#141618'],
  raised: ['#ffffff', '#1b1e21'],
  sunken: ['#f3f3f0', '#101214'],
  ink: ['#1b1d1f', '#e9e9e6'],
  muted: ['#5d636a', '#a0a6ad'],
  line: ['#e2e2dd', '#2e3236'],
  accent: ['#0f6b4c', '#56c797'],
  passed: ['#1d8a63', '#43b384'],
  failed: ['#b4bac2', '#5a626b'],
  error: ['#d08a1d', '#dba03c'],
  cancelled: ['#8c7fc0', '#8f83c7'],
  none: ['#e6e6e1', '#33383d'],
  added: ['#e4f5ec', '#15301f'],
  removed: ['#fbe9e7', '#3a1d1c'],
  hunk: ['#edf1f8', '#1d2633'],
} as const satisfies Readonly<Record<string, readonly [light: string, dark: string]>>;

export type ColourName = keyof typeof palette;

export const colourNames = Object.keys(palette) as readonly ColourName[]; // `Object.keys` forgets literal names.

export function colourIn(theme: 'light' | 'dark'): (name: ColourName) => string {
  return (name) => palette[name][theme === 'light' ? 0 : 1];
}
