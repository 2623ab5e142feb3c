import type { SweLancerEvent } from '../events/event.js';
import type { RunEvents } from '../events/run-events.js';
import type { AttemptKey } from '../store/sample-key.js';
import { EventFile } from './event-file.js';
import { isPrinted } from '../events/printed-events.js';

/** Sends the events of each attempt to its file. */
export class EventFiles implements Disposable {
  readonly #files = new Map<string, EventFile>();
  readonly #events: RunEvents;
  readonly #subscription: Disposable;

  /** Of one run: others may share its events. */
  constructor(events: RunEvents, runId: string | undefined, keep: 'all' | 'no-output') {
    this.#events = events;
    this.#subscription = events.on('*', (event) => {
      if (event.runId !== runId || (keep === 'no-output' && isPrinted(event.type))) return;
      const { taskId, epoch, attempt } = event;
      if (taskId === undefined || epoch === undefined || attempt === undefined) return;
      this.#files.get(keyText({ taskId, epoch, attempt }))?.write(event);
    });
  }

  /** From now on, and until the result is disposed of. */
  keep(key: AttemptKey, path: string): AsyncDisposable & { flush(): Promise<void> } {
    const file = new EventFile(path, (error) =>
      this.#events.scope({ ...key }).emit('diagnostic', {
        message: `The events of task ${key.taskId} are no longer kept: ${error instanceof Error ? error.message : String(error)}`,
      }),
    );
    const text = keyText(key);
    this.#files.set(text, file);
    return {
      flush: () => file.flush(),
      [Symbol.asyncDispose]: async () => {
        this.#files.delete(text);
        await file.flush();
      },
    };
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }
}

function keyText({ taskId, epoch, attempt }: Pick<AttemptKey & SweLancerEvent, keyof AttemptKey>): string {
  return `${epoch}.${attempt}:${taskId}`;
}
