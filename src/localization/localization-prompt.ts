import { ConfigurationError } from '../errors.js';
import type { PromptInput } from '../swelancer/prompt/prompt-input.js';
import type { Prompt } from '../swelancer/prompt/prompt.js';
import { localizationAnswerFile } from './localization-answer-file.js';

/**
 * Asks for a ranked list of places instead of a fix. Pass it as `prompt`, with `localizationScorer`.
 *
 * @throws ConfigurationError for a manager task, which has nothing to find.
 */
export function localizationPrompt({ task, layout, cutOff }: PromptInput): Prompt {
  if (task.variant !== 'ic_swe')
    throw new ConfigurationError(`Task ${task.id} is a manager task: there is no place to find in it.`);
  const text = `You are an experienced software engineer. Somebody is about to fix the issue below in the code base at ${layout.repository}; you tell them where. Find the files, and in them the functions, that have to be edited to resolve it. You do not have to fix anything.

<issue_title>
${task.title}
</issue_title>

<issue_description>
${task.description.trim()}
</issue_description>

How to answer:
- Write a list to ${localizationAnswerFile(layout)}, one place a line, the likeliest first. Only the first few lines count, so order matters and length does not help.
- A place is a file's path below ${layout.repository}, followed by a colon and the name of the top-level function, component or class where you know it. A file may stand in several lines with different names.
- Name existing files that the fix edits. Tests, generated files and configuration of tools are not among them.

For example (these say nothing about the answer):
src/libs/SomeLibrary.ts:someFunction
src/components/SomeComponent/index.tsx:SomeComponent
src/CONSTANTS.ts

Where you are:
- The machine is yours alone${cutOff === true ? ', and it has no access to the internet' : ''}. The state of the code is the one in which the issue occurs.
- The git history was replaced by a single commit, so look for answers in the code and not in its past.

Work step by step: search the code for what the issue describes, follow it to its cause, and write the list before you finish.`;
  return { version: 'localization/1', text, messages: [{ role: 'user', content: text }] };
}
