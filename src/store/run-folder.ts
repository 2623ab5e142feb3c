import { join } from 'node:path';
import type { AttemptKey } from './sample-key.js';

/** Where everything of a run is. */
export interface RunFolder {
  readonly path: string;
  /** What the run is about: `RunDescription`. */
  readonly description: string;
  /** What has happened: the truth, and the only file a run is continued from. */
  readonly journal: string;
  readonly lock: string;
  attempt(key: AttemptKey): AttemptFolder;
}

export interface AttemptFolder {
  readonly path: string;
  /** The whole `TaskResult`, logs included. */
  readonly result: string;
  /** The agent's work before it was graded. */
  readonly work: string;
  readonly events: string;
  readonly transcript: string;
  readonly patch: string;
  readonly answer: string;
  /** pytest's log of a round, from 1. */
  testLog(round: number): string;
  playbookLog(round: number): string;
  /** Recordings, screenshots and other files that were kept. */
  readonly artifacts: string;
}

export function runFolder(path: string): RunFolder {
  return {
    path,
    description: join(path, 'run.json'),
    journal: join(path, 'journal.jsonl'),
    lock: join(path, 'lock'),
    attempt: ({ taskId, epoch, attempt }) =>
      attemptFolder(join(path, 'attempts', fileName(taskId), `epoch-${epoch}`, `attempt-${attempt}`)),
  };
}

function attemptFolder(path: string): AttemptFolder {
  return {
    path,
    result: join(path, 'result.json'),
    work: join(path, 'work.json'),
    events: join(path, 'events.jsonl'),
    transcript: join(path, 'transcript.jsonl'),
    patch: join(path, 'patch.diff'),
    answer: join(path, 'answer.json'),
    testLog: (round) => join(path, `pytest-${round}.log`),
    playbookLog: (round) => join(path, `playbook-${round}.log`),
    artifacts: join(path, 'artifacts'),
  };
}

/** A task's id as the name of one folder, whatever is in it. The benchmark's own ids stay as they are. */
function fileName(taskId: string): string {
  const encoded = encodeURIComponent(taskId).replaceAll('*', '%2A');
  return encoded.startsWith('.') ? `%2E${encoded.slice(1)}` : encoded;
}
