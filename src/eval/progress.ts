import type { Phase } from '../errors.js';
import type { EventContext, SweLancerEvent } from '../events/event.js';
import type { ResultRecord } from '../result/task-result.js';
import { isWholeSample } from '../result/whole-sample.js';
import { type AttemptKey, sampleKeyText } from '../store/sample-key.js';

/** How far a run has come. */
export interface EvalProgress {
  readonly samples: number;
  /** Of all samples, in dollars. */
  readonly availableDollars: number;
  /** With those of earlier sessions. */
  readonly finished: number;
  readonly passed: number;
  /** Finished by an error. */
  readonly errors: number;
  readonly running: number;
  readonly earnedDollars: number;
  /** What finished samples could have earned. */
  readonly triedDollars: number;
  /** Of this session's attempts, as far as it is known. */
  readonly costDollars: number;
  /** Milliseconds a sample of this session took on average, of those with a score whose agent ran in that attempt. Undefined before the first. */
  readonly meanSampleMs: number | undefined;
}

/** A sample that is under way. */
export interface InFlight extends AttemptKey {
  readonly title: string;
  /** Dollars. */
  readonly price: number;
  /** Undefined between two phases, and while it waits for its turn. */
  readonly phase: Phase | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** Follows a run: what is under way and what has come of it. */
export class ProgressTracker {
  readonly #totals: Pick<EvalProgress, 'samples' | 'availableDollars'>;
  readonly #running = new Map<string, { -readonly [K in keyof InFlight]: InFlight[K] }>();
  #finished = 0;
  #passed = 0;
  #errors = 0;
  #earnedCents = 0;
  #triedCents = 0;
  #costDollars = 0;
  #sessionMs = 0;
  #sessionCount = 0;

  constructor(totals: Pick<EvalProgress, 'samples' | 'availableDollars'>) {
    this.#totals = totals;
  }

  begin(sample: Omit<InFlight, 'phase'>): void {
    this.#running.set(sampleKeyText(sample), { phase: undefined, ...sample });
  }

  follow(event: SweLancerEvent): void {
    if (event.type === 'phase.started') this.#enter(event, event.phase);
    else if (event.type === 'phase.finished' || event.type === 'phase.failed') this.#enter(event, undefined);
  }

  /** An attempt has ended, whether or not it was the sample's last. */
  spend({ usage, lostUsage, workOf }: ResultRecord): void {
    this.#costDollars += lostUsage?.costDollars ?? 0;
    if (workOf === undefined) this.#costDollars += usage.costDollars ?? 0;
  }

  /** A sample has ended, in this session or an earlier one. */
  finish(record: ResultRecord, session: 'this' | 'earlier'): void {
    this.#finished++;
    if (record.status === 'scored' && record.passed) this.#passed++;
    if (record.status === 'error') this.#errors++;
    this.#earnedCents += Math.round(record.earned * 100);
    this.#triedCents += Math.round(record.available * 100);
    if (session === 'earlier' || !isWholeSample(record)) return;
    this.#sessionMs += record.durationMs;
    this.#sessionCount++;
  }

  leave(key: Pick<AttemptKey, 'taskId' | 'epoch'>): void {
    this.#running.delete(sampleKeyText(key));
  }

  inFlight(): readonly InFlight[] {
    return [...this.#running.values()].map((sample) => ({ ...sample }));
  }

  progress(): EvalProgress {
    return {
      ...this.#totals,
      finished: this.#finished,
      passed: this.#passed,
      errors: this.#errors,
      running: this.#running.size,
      earnedDollars: this.#earnedCents / 100,
      triedDollars: this.#triedCents / 100,
      costDollars: this.#costDollars,
      meanSampleMs: this.#sessionCount === 0 ? undefined : this.#sessionMs / this.#sessionCount,
    };
  }

  #enter({ taskId, epoch }: EventContext, phase: Phase | undefined): void {
    if (taskId === undefined || epoch === undefined) return;
    const sample = this.#running.get(sampleKeyText({ taskId, epoch }));
    if (sample !== undefined) sample.phase = phase;
  }
}
