import { inspect } from 'node:util';
import { isMap } from 'node:util/types';

/** What is wrong with labels that did not come from `readTaskLabels`. */
export function labelProblems(labels: unknown): readonly string[] {
  if (labels === undefined) return [];
  if (!isMap(labels)) return [`\`labels\` is ${shown(labels)}; give the map that \`readTaskLabels\` reads`];
  const wrong = [...labels].flatMap(([taskId, labelled]) => wrongIn(taskId, labelled));
  return wrong.slice(0, most);
}

/** A list of thousands would not be read. */
const most = 5;

function wrongIn(taskId: unknown, labelled: unknown): readonly string[] {
  if (typeof taskId !== 'string') return [`\`labels\` has ${shown(taskId)} for a task id`];
  if (typeof labelled !== 'object' || labelled === null || Array.isArray(labelled))
    return [`\`labels\` has ${shown(labelled)} for task ${taskId}; give an object of texts by their names`];
  return Object.entries(labelled).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'string'
      ? []
      : [`\`labels\` has ${shown(value)} for the ${name} of task ${taskId}; give a text`],
  );
}

function shown(value: unknown): string {
  return inspect(value, { depth: 0, maxStringLength: 80 });
}
