import type { Job } from 'bullmq';
import { z } from 'zod';
import type { AgentUsage } from '../../agent/agent-usage.js';
import { usageSchema } from '../../result/usage-schema.js';
import { KeptSpending } from '../kept-spending.js';
import type { SampleJob } from '../sample-job.js';

/** What a job's `progress` holds, for whoever takes it over. */
const spendingSchema = z.object({
  /** Of each process that had it before. */
  lost: z.array(usageSchema),
  /** Of the one that has it, whose agent is at work. */
  usage: usageSchema,
});

/** What was spent on a job by each process that has had it, without what the agent's work tells itself. */
export function lostUsage({
  progress,
  data,
}: Pick<Job<SampleJob>, 'progress' | 'data'>): readonly AgentUsage[] {
  const parsed = spendingSchema.safeParse(progress);
  if (!parsed.success) return [];
  const { lost, usage } = parsed.data;
  // Work that was saved tells its own usage, and is not lost; nor does an agent work where it came with the job.
  return data.saved === undefined ? [...lost, usage] : lost;
}

/** Keeps in the job what its agent spends, as a run's store does. */
export class JobSpending implements Disposable {
  readonly lost: readonly AgentUsage[];
  readonly #job: Job<SampleJob>;
  readonly #spending: KeptSpending;

  constructor(job: Job<SampleJob>) {
    this.#job = job;
    this.lost = lostUsage(job);
    this.#spending = new KeptSpending(async ([attempt]) => this.keep(attempt?.usage ?? {}));
  }

  /** Now and then. */
  report(usage: AgentUsage): void {
    this.#spending.report(this.#job.data, usage);
  }

  /** At once. */
  async keep(usage: AgentUsage): Promise<void> {
    await this.#job.updateProgress({ lost: this.lost.map((each) => ({ ...each })), usage: { ...usage } });
  }

  [Symbol.dispose](): void {
    this.#spending[Symbol.dispose]();
  }
}
