import { inspect } from 'node:util';
import { limitProblems } from '../agent/limit-problems.js';
import { type OptionNames, unknownOptions } from '../option-names.js';
import type { ComputerOptions } from '../swelancer/provision.js';
import { type Deadlines, defaultDeadlines } from './deadlines.js';
import type { GradeTaskOptions } from './grade-task.js';
import type { RunTaskOptions } from './run-task-options.js';

const computerNames: OptionNames<ComputerOptions> = {
  images: true,
  image: true,
  environment: true,
  resources: true,
  network: true,
  allowHosts: true,
  layout: true,
  labels: true,
};

/** What is wrong with the options that `runTask` and `runEval` have in common. */
export function sharedOptionProblems({
  limits,
  deadlines,
  computers,
}: Pick<RunTaskOptions, 'limits' | 'deadlines' | 'computers'>): readonly string[] {
  return [
    ...limitProblems(limits),
    ...deadlineProblems(deadlines),
    ...unknownOptions(computers, computerNames, 'computers'),
  ];
}

function deadlineProblems(deadlines: Partial<Deadlines> | undefined): readonly string[] {
  const known = Object.fromEntries(Object.keys(defaultDeadlines).map((name) => [name, true as const]));
  const values: [string, unknown][] = Object.entries(deadlines ?? {});
  return [
    ...unknownOptions(deadlines, known, 'deadlines'),
    ...values.flatMap(([name, value]) => {
      if (value === undefined || !Object.hasOwn(known, name)) return [];
      // Left to itself at once is a way to stop; no time at all is none to work in.
      const least = name === 'stopMs' ? 0 : Number.MIN_VALUE;
      if (typeof value === 'number' && value >= least) return [];
      const wanted = name === 'stopMs' ? 'of 0 or more' : 'above 0';
      return [`\`deadlines.${name}\` is ${inspect(value)}; give a number of milliseconds ${wanted}`];
    }),
  ];
}

export const runTaskNames: OptionNames<RunTaskOptions> = {
  task: true,
  agent: true,
  runtime: true,
  computer: true,
  computers: true,
  setups: true,
  scorer: true,
  grading: true,
  prompt: true,
  userTool: true,
  limits: true,
  deadlines: true,
  events: true,
  transcript: true,
  artifacts: true,
  secrets: true,
  signal: true,
  checkpoint: true,
  onUsage: true,
  gates: true,
  runId: true,
  epoch: true,
  attempt: true,
};

/** `gradeTask` takes what `runTask` takes, so that the same options do for both. */
export const gradeTaskNames: OptionNames<RunTaskOptions & GradeTaskOptions> = {
  ...runTaskNames,
  saved: true,
  agentName: true,
  patch: true,
  answer: true,
};
