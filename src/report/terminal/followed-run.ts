import type { EvalRun } from '../../eval/eval-run.js';
import type { PastDurations } from '../../eval/sample-order.js';
import type { SweLancerEvent } from '../../events/event.js';
import type { TaskResult } from '../../result/task-result.js';
import type { ProgressFault, ProgressView } from './progress-view.js';
import { remainingTime, type TaskTimes, timesWith } from './remaining-time.js';

export interface FollowedRunOptions {
  readonly past: PastDurations;
  /** `number`: how many the run has finished with this one, earlier sessions included. */
  readonly onResult?: ((result: TaskResult, number: number) => void) | undefined;
  readonly onFault?: ((fault: ProgressFault) => void) | undefined;
  /** Everything that was to be told has been told. */
  readonly onEnd: () => void;
}

/** What has been seen of a run since it is followed. */
export class FollowedRun implements Disposable {
  readonly #run: EvalRun;
  readonly #options: FollowedRunOptions;
  readonly #subscription: Disposable;
  readonly #results: AsyncIterator<TaskResult>;
  readonly #startedAt = Date.now();
  readonly #done = new Map<string, TaskTimes>();
  /** Why results could not be read: of a run that fails, its failure too. */
  readonly #unread = new Set<unknown>();
  #faults: readonly ProgressFault[] = [];
  #state: ProgressView['state'] = 'running';
  #finished: number;
  #disposed = false;

  constructor(run: EvalRun, options: FollowedRunOptions) {
    this.#run = run;
    this.#options = options;
    this.#finished = run.progress().finished;
    this.#subscription = run.events.on('*', (event) => this.#follow(event));
    this.#results = run[Symbol.asyncIterator]();
    // As many as can end at the same moment, so that none is still unread when the run is over.
    const readers = Math.min(64, run.plan.concurrency.tasks);
    const reading = Promise.all(Array.from({ length: readers }, async () => this.#read()));
    run.then(
      ({ status }) => {
        this.#state = status;
        void reading.then(() => this.#end());
      },
      (error: unknown) => {
        // Now, since whoever awaits the run may dispose of the display next.
        this.#state = 'failed';
        this.#fault({ what: 'the run failed', message: messageOf(error) });
        void reading.then(() => {
          this.#unread.delete(error);
          this.#end();
        });
      },
    );
  }

  view(): ProgressView {
    const now = Date.now();
    const { epochs } = this.#run.plan;
    const facts = { progress: this.#run.progress(), inFlight: this.#run.inFlight(), epochs, now };
    return {
      ...facts,
      state: this.#state,
      faults: this.#faults,
      elapsedMs: now - this.#startedAt,
      remainingMs: remainingTime({ ...facts, past: this.#options.past, done: this.#done }),
    };
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#subscription[Symbol.dispose]();
    void this.#results.return?.();
  }

  /** Never rejects. */
  async #read(): Promise<void> {
    for (;;) {
      let next: IteratorResult<TaskResult>;
      try {
        next = await this.#results.next();
      } catch (error) {
        this.#unread.add(error);
        continue;
      }
      if (next.done === true || this.#disposed) return;
      const { value } = next;
      this.#done.set(value.taskId, timesWith(this.#done.get(value.taskId), value));
      this.#options.onResult?.(value, ++this.#finished);
      if (value.status === 'error') this.#fault({ sample: value, ...described(value.error) });
    }
  }

  #follow(event: SweLancerEvent): void {
    if (event.runId !== undefined && event.runId !== this.#run.runId) return;
    if (event.type === 'run.started') this.#finished = this.#run.progress().finished;
    if (event.type === 'run.paused') this.#state = 'paused';
    if (event.type === 'run.continued') this.#state = 'running';
    if (event.type === 'diagnostic')
      this.#fault({ what: 'note', message: event.error?.message ?? event.message });
    if (event.type !== 'task.retrying') return;
    const { taskId = '', epoch = 1, attempt = 1, redo, waitMs, error } = event;
    this.#fault({ sample: { taskId, epoch, attempt }, ...described(error), next: { redo, waitMs } });
  }

  #end(): void {
    if (this.#disposed) return;
    for (const error of this.#unread)
      this.#fault({ what: 'a result could not be read again', message: messageOf(error) });
    this.#options.onEnd();
  }

  #fault(fault: ProgressFault): void {
    if (this.#disposed) return;
    this.#faults = [...this.#faults.slice(-2), fault];
    this.#options.onFault?.(fault);
  }
}

function described({ code, phase, message }: { code: string; phase?: string | undefined; message: string }) {
  return { what: phase === undefined ? code : `${code} in ${phase}`, message };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
