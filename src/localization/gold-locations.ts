import type { Task } from '../dataset/task.js';
import { functionName } from './function-name.js';
import { type PatchHunk, patchSections } from './patch-sections.js';

/** Where the fix of a task is made. */
export interface GoldLocations {
  /** Paths below the repository. */
  readonly files: readonly string[];
  /** `<path>:<name>` of top-level functions and classes, as far as the patch shows them. May be empty. */
  readonly functions: readonly string[];
}

export interface GoldOptions {
  /** Which files count. Default: `isSourceFile`. */
  readonly counts?: ((path: string) => boolean) | undefined;
}

/**
 * The files and functions that the reverse of a task's bug patch edits. A file that the patch adds or deletes is not
 * among them: to an agent it is not there to be found, or is litter of whoever made the patch.
 * Undefined where nothing is left to find, and for manager tasks.
 */
export function goldLocations(task: Task, options: GoldOptions = {}): GoldLocations | undefined {
  if (task.variant !== 'ic_swe' || task.secrets.bugPatch === undefined) return undefined;
  const counts = options.counts ?? isSourceFile;
  const edited = patchSections(task.secrets.bugPatch).flatMap(({ before, after, hunks }) =>
    before !== undefined && after !== undefined && counts(after) ? [{ path: after, hunks }] : [],
  );
  if (edited.length === 0) return undefined;
  const functions = edited.flatMap(({ path, hunks }) =>
    hunks.flatMap(changedFunctions).map((name) => `${path}:${name}`),
  );
  return { files: [...new Set(edited.map(({ path }) => path))], functions: [...new Set(functions)] };
}

/** False for lock files, dot files and tests, which bug patches touch without the bug being there. */
export function isSourceFile(path: string): boolean {
  return !/(?:^|\/)(?:\.[^/]+|package-lock\.json|[^/]+\.lock|(?:__)?(?:tests?|mocks)(?:__)?\/.*|[^/]+\.(?:test|spec|perf-test)\.\w+)$/.test(
    path,
  );
}

/**
 * Names of the functions whose lines a hunk changes: for each changed line the one that git would have named in the
 * heading of a hunk that began there. The patch's result is what the agent sees, so a function the patch takes away
 * has no name here.
 */
function changedFunctions({ heading, lines }: PatchHunk): string[] {
  const names = new Set<string>();
  let removed = false;
  let current = functionName(heading);
  for (const line of lines) {
    const sign = line.slice(0, 1);
    const text = line.slice(1);
    const begins = /^[A-Za-z_$]/.test(text);
    if (begins) {
      removed = sign === '-';
      if (!removed) current = functionName(text);
    }
    const changed = sign === '+' || (sign === '-' && !removed);
    if (changed && text.trim() !== '' && current !== undefined) names.add(current);
  }
  return [...names];
}
