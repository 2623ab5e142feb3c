import type { AgentOutcome } from '../agent/agent.js';
import type { AgentUsage } from '../agent/agent-usage.js';
import { usageSchema } from '../result/usage-schema.js';
import { type Attempt, warn } from './attempt.js';
import { AgentError } from './errors.js';

/** The usage an agent reports, without what is no number of tokens, calls or dollars: that is unknown, and warned about. */
export function checkedUsage(attempt: Attempt, usage: AgentUsage): AgentUsage {
  const parsed = usageSchema.safeParse(usage);
  if (parsed.success) return parsed.data;
  const wrong = new Set(parsed.error.issues.map(({ path }) => String(path[0])));
  const names = [...wrong].join(', ');
  const message = `The agent "${attempt.agent.name}" reports a usage that cannot be (${names}); it is taken for unknown.`;
  if (!attempt.facts.warnings.some((warning) => warning.message === message))
    warn(attempt, message, new AgentError(message, { phase: 'solve' }));
  return usageSchema
    .catch({})
    .parse(Object.fromEntries(Object.entries(usage).filter(([name]) => !wrong.has(name))));
}

/** What an agent says about itself, as the plain JSON a result is. What is not is left out, and warned about. */
export function checkedMetadata(
  attempt: Attempt,
  metadata: AgentOutcome['metadata'],
): Readonly<Record<string, unknown>> | undefined {
  if (metadata === undefined) return undefined;
  try {
    return JSON.parse(JSON.stringify(metadata)) as Record<string, unknown>; // What JSON made of a record is one.
  } catch (cause) {
    const message = `The agent "${attempt.agent.name}" gave metadata that is no JSON; it is left out.`;
    warn(attempt, message, new AgentError(message, { phase: 'solve', cause }));
    return undefined;
  }
}
