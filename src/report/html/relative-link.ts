import { relative, sep } from 'node:path';

/** A file's address relative to a folder, as a link in a page of that folder. Names may hold anything, `%` and `#` too. */
export function relativeLink(fromFolder: string, path: string): string {
  const names = relative(fromFolder, path).split(sep);
  return names.map((name) => (name === '..' ? name : encodeURIComponent(name))).join('/');
}
