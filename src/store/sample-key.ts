/** One sample of a task: what an evaluation has to finish once. */
export interface SampleKey {
  readonly taskId: string;
  /** From 1. */
  readonly epoch: number;
}

/** One try at a sample. */
export interface AttemptKey extends SampleKey {
  /** From 1. */
  readonly attempt: number;
}

/** For maps. Different keys have different texts, whatever the task's id holds. */
export function sampleKeyText({ taskId, epoch }: SampleKey): string {
  return `${epoch}:${taskId}`;
}

/** The same of one attempt. */
export function attemptKeyText({ taskId, epoch, attempt }: AttemptKey): string {
  return `${epoch}.${attempt}:${taskId}`;
}
