import { ConfigurationError } from '../../errors.js';
import type { PublicTask } from '../../dataset/task.js';
import { icPrompt } from './ic-prompt.js';
import { managerPrompt } from './manager-prompt.js';
import type { Prompt } from './prompt.js';
import type { PromptInput } from './prompt-input.js';

/**
 * `default`: our own words. `from-row`: the messages a paper-era row carries, verbatim. A function: the caller's own
 * template; a string it returns is the whole text, with the version `custom`.
 */
export type PromptSource = 'default' | 'from-row' | ((input: PromptInput) => string | Prompt);

/** The task statement. How to act in it is each agent's to say. */
export function buildPrompt(input: PromptInput, source: PromptSource = 'default'): Prompt {
  if (typeof source === 'function') {
    const built = source(input);
    return typeof built === 'string' ? singleMessage('custom', built) : built;
  }
  if (source === 'from-row') return promptOfRow(input.task);
  return input.task.variant === 'ic_swe'
    ? singleMessage('ic/1', icPrompt(input.task, input))
    : singleMessage('manager/1', managerPrompt(input.task, input));
}

function promptOfRow(task: PublicTask): Prompt {
  if (task.prompt === undefined) {
    throw new ConfigurationError(
      `Task ${task.id} carries no prompt of its own, so \`prompt: 'from-row'\` cannot be used. Only paper-era files have that column.`,
    );
  }
  return {
    version: 'row',
    text: task.prompt.map(({ content }) => content).join('\n\n'),
    messages: task.prompt,
  };
}

function singleMessage(version: string, text: string): Prompt {
  return { version, text, messages: [{ role: 'user', content: text }] };
}
