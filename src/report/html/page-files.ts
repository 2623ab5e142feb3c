import { readFile } from 'node:fs/promises';

/**
 * What the browser gets: plain scripts and a style sheet, each a file of its own beside this module. The build copies the
 * folder beside its bundles, so the same address holds in both. The scripts share one scope, in this order.
 */
const scripts = [
  'elements.js',
  'attempt-data.js',
  'patch-view.js',
  'text-view.js',
  'transcript-view.js',
  'attempt-view.js',
  'task-dialog.js',
  'task-table.js',
  'theme.js',
] as const;

export interface PageFiles {
  readonly script: string;
  readonly style: string;
}

export async function readPageFiles(): Promise<PageFiles> {
  const read = (name: string) => readFile(new URL(`./page/${name}`, import.meta.url), 'utf8');
  const [style, ...texts] = await Promise.all([read('page.css'), ...scripts.map(read)]);
  return { style, script: `'use strict';\n{\n${texts.join('\n')}\n}` };
}
