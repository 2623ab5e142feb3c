import { inspect } from 'node:util';
import { type OptionNames, unknownOptions } from '../option-names.js';
import type { AgentLimits } from './agent.js';

const limitNames: OptionNames<AgentLimits> = {
  turns: true,
  toolCalls: true,
  inputTokens: true,
  outputTokens: true,
  costDollars: true,
  modelMs: true,
  wallClockMs: true,
};

/** What is wrong with limits: values that are no number of 0 or more, and names that no limit has. */
export function limitProblems(limits: AgentLimits | undefined): readonly string[] {
  const values: [string, unknown][] = Object.entries(limits ?? {});
  return [
    ...unknownOptions(limits, limitNames, 'limits'),
    ...values.flatMap(([name, value]) =>
      value === undefined || !Object.hasOwn(limitNames, name) || (typeof value === 'number' && value >= 0)
        ? []
        : [`\`limits.${name}\` is ${inspect(value)}; give a number of 0 or more`],
    ),
  ];
}
