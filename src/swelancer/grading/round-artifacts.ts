import type { Computer } from '../../computer/computer.js';
import { isSweLancerError } from '../../errors.js';
import type { EventScope } from '../../events/event-scope.js';
import { observe } from '../../events/event-scope.js';
import { shellQuote } from '../../computer/shell-quote.js';
import type { Layout } from '../layout.js';
import { harnessDirectory } from '../own-git.js';

/** A file that a round of tests left to be looked at: a recording, a screenshot, a log of the app's server. */
export interface RoundArtifact {
  /** A path of plain names, such as `round-1/recording/output.mp4`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** How much of that is kept of one attempt. Pictures come before videos, and both before other files. */
export interface ArtifactCaps {
  /** Default: 20. */
  readonly maxFiles?: number | undefined;
  /** Default: 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** Of one file. Default: 32 MiB. */
  readonly maxFileBytes?: number | undefined;
}

export interface ArtifactOptions extends ArtifactCaps {
  /** Gets each file, one after another: `artifactFolder(path)`. */
  readonly keep: (artifact: RoundArtifact) => Promise<void>;
}

export interface RoundPlace {
  readonly computer: Computer;
  readonly layout: Layout;
  readonly taskId: string;
  readonly events: EventScope;
  readonly signal: AbortSignal;
}

/** Fetches what each round of an attempt leaves, up to the caps. What cannot be had changes no verdict. */
export class RoundArtifacts {
  readonly #keep: ArtifactOptions['keep'];
  readonly #maxFileBytes: number;
  #files: number;
  #bytes: number;
  #rounds = 0;

  constructor({
    keep,
    maxFiles = 20,
    maxBytes = 64 * mebibyte,
    maxFileBytes = 32 * mebibyte,
  }: ArtifactOptions) {
    this.#keep = keep;
    this.#maxFileBytes = maxFileBytes;
    this.#files = maxFiles;
    this.#bytes = maxBytes;
  }

  /** Before a round, so that none of an earlier one is taken for its own. */
  async clear({ computer, layout, taskId, signal }: RoundPlace): Promise<void> {
    const folders = Object.values(layout.testArtifacts?.(taskId) ?? {}).map(shellQuote);
    if (folders.length === 0) return;
    await computer.sendShellCommand(`find ${folders.join(' ')} -mindepth 1 -delete 2>/dev/null`, {
      signal,
      timeoutMs,
      cwd: harnessDirectory,
      label: 'clear what earlier tests left',
    });
  }

  async collect(place: RoundPlace): Promise<void> {
    const round = ++this.#rounds;
    const folders = Object.entries(place.layout.testArtifacts?.(place.taskId) ?? {});
    if (folders.length === 0) return;
    try {
      await observe(
        place.events,
        {
          start: ['artifacts.collecting', { try: round }],
          finished: (outcome, durationMs) => ['artifacts.collected', { try: round, ...outcome, durationMs }],
          failed: (error, durationMs) => ['artifacts.failed', { try: round, error, durationMs }],
        },
        () => this.#collect(place, round, folders),
      );
    } catch {
      // The event tells of it. Whoever cancelled is heard by what comes next.
    }
  }

  async #collect(place: RoundPlace, round: number, folders: readonly (readonly [string, string])[]) {
    const found = await listFiles(place, folders);
    const files: { name: string; bytes: number }[] = [];
    for (const { path, name: inRound } of found) {
      const name = `round-${round}/${inRound}`;
      const bytes = await this.#fetch(place, path);
      if (bytes === undefined) continue;
      await this.#keep({ name, bytes });
      this.#files--;
      this.#bytes -= bytes.byteLength;
      files.push({ name, bytes: bytes.byteLength });
    }
    return { files, leftOut: found.length - files.length };
  }

  /** Undefined for what is too large, or has gone. */
  async #fetch({ computer, signal }: RoundPlace, path: string): Promise<Uint8Array | undefined> {
    const maxBytes = Math.min(this.#maxFileBytes, this.#bytes);
    if (this.#files <= 0 || maxBytes <= 0) return undefined;
    try {
      return await computer.download(path, { signal, timeoutMs, maxBytes });
    } catch (error) {
      if (isSweLancerError(error) && error.code === 'remote_file') return undefined;
      throw error;
    }
  }
}

const mebibyte = 1024 ** 2;
const timeoutMs = 120_000;
/** More than this are not even looked at. */
const listedFiles = 1_000;

interface FoundFile {
  readonly path: string;
  /** The folder's name here, and the path below it. */
  readonly name: string;
}

async function listFiles(
  { computer, layout, taskId, signal }: RoundPlace,
  folders: readonly (readonly [string, string])[],
): Promise<readonly FoundFile[]> {
  const { stdout } = await computer.sendShellCommand(
    `find ${folders.map(([, path]) => shellQuote(path)).join(' ')} -type f 2>/dev/null | head -n ${listedFiles}`,
    { signal, timeoutMs, cwd: harnessDirectory, label: 'list what the tests left' },
  );
  const kept = new Set([layout.pytestLog(taskId), layout.exitCodeFile(taskId)]);
  const found = stdout.split('\n').flatMap((path): FoundFile[] => {
    const [name, folder] = folders.find(([, folder]) => path.startsWith(`${folder}/`)) ?? [];
    if (name === undefined || folder === undefined || kept.has(path)) return [];
    const below = path.slice(folder.length + 1);
    return isPlain(below) ? [{ path, name: `${name}/${below}` }] : [];
  });
  return found.sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
}

/** A patch may leave files here too: no name may lead elsewhere, or be one that some system cannot have. */
function isPlain(path: string): boolean {
  const names = path.split('/');
  return names.length <= 8 && names.every((name) => /^[\w@+=-][\w.@+= -]{0,99}$/.test(name));
}

function rank(name: string): number {
  if (/\.(png|jpe?g|gif|webp)$/i.test(name)) return 0;
  return /\.(webm|mp4)$/i.test(name) ? 1 : 2;
}
