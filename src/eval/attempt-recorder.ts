import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TranscriptEntry } from '../agent/transcript/transcript-entry.js';
import { transcriptFile } from '../agent/transcript/transcript-file.js';
import type { TranscriptSink } from '../agent/transcript/transcript-sink.js';
import { toErrorRecord } from '../errors.js';
import type { RunEvents } from '../events/run-events.js';
import { createFolder, putFileInPlace, syncFolder } from '../store/durable-file.js';
import { isMissing } from '../store/is-missing.js';
import { patiently } from '../store/patience.js';
import type { AttemptFolder } from '../store/run-folder.js';
import type { AttemptKey } from '../store/sample-key.js';
import { EventFiles } from './event-files.js';
import { packRecords, type SampleRecords, unpack } from './sample-records.js';

export interface RecorderOptions {
  readonly key: AttemptKey & { readonly runId: string };
  readonly events: RunEvents;
  readonly keepEvents: 'all' | 'no-output' | 'none';
  /** Cancels the attempt, and with it the wait for a full disk. */
  readonly signal: AbortSignal | undefined;
  /** Where somebody else wants the transcript too. */
  readonly transcript: TranscriptSink | undefined;
}

/** Keeps transcript and events of one attempt in files of its own, until they go to where the run's store is. */
export class AttemptRecorder implements AsyncDisposable {
  readonly #folder: string;
  readonly #options: RecorderOptions;
  readonly #subscription: Disposable | undefined;
  readonly #eventFile: (AsyncDisposable & { flush(): Promise<void> }) | undefined;
  readonly transcript: TranscriptSink;

  private constructor(folder: string, options: RecorderOptions) {
    this.#folder = folder;
    this.#options = options;
    const { key, events, keepEvents, transcript } = options;
    if (keepEvents !== 'none') {
      const files = new EventFiles(events, key.runId, keepEvents);
      this.#subscription = files;
      this.#eventFile = files.keep(key, this.#files.events);
    }
    const file = transcriptFile(this.#files.transcript);
    let fails = false;
    this.transcript = {
      write: async (entry: TranscriptEntry) => {
        try {
          if (!fails) await file.write(entry);
        } catch (error) {
          // The agent's work is worth more than what tells of it.
          fails = true;
          const message = 'The transcript of the attempt is no longer kept on this machine.';
          events.scope({ ...key }).emit('diagnostic', { message, error: toErrorRecord(error) });
        }
        await transcript?.write(entry);
      },
    };
  }

  /** @param before what an earlier process has left of the same attempt, or the folder where it is. */
  static async open(
    options: RecorderOptions,
    before: SampleRecords | AttemptFolder | undefined,
  ): Promise<AttemptRecorder> {
    const folder = await mkdtemp(join(tmpdir(), 'swelancer-attempt-'));
    if (before !== undefined) {
      for (const name of ['transcript', 'events'] as const) await restore(before[name], fileIn(folder, name));
    }
    return new AttemptRecorder(folder, options);
  }

  /** What there is by now, in at most `maxBytes` of JSON. */
  async packed(maxBytes: number): Promise<SampleRecords> {
    await this.#eventFile?.flush();
    return await packRecords(this.#files, maxBytes);
  }

  /** Puts what there is by now into the folder of the attempt. */
  async putInto(folder: AttemptFolder): Promise<void> {
    await this.#eventFile?.flush();
    await patiently(folder.path, { signal: this.#options.signal }, async () => {
      await createFolder(folder.path);
      for (const name of ['transcript', 'events'] as const) {
        await unlessMissing(() => putFileInPlace(folder[name], this.#files[name]));
      }
      await syncFolder(folder.path);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#eventFile?.[Symbol.asyncDispose]();
    this.#subscription?.[Symbol.dispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #files() {
    return { transcript: fileIn(this.#folder, 'transcript'), events: fileIn(this.#folder, 'events') };
  }
}

function fileIn(folder: string, name: 'transcript' | 'events'): string {
  return join(folder, `${name}.jsonl`);
}

async function restore(from: SampleRecords['transcript'] | string, to: string): Promise<void> {
  if (from === undefined) return;
  if (typeof from === 'string') await unlessMissing(() => copyFile(from, to));
  else await writeFile(to, await unpack(from));
}

async function unlessMissing(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
