import type { PublicTask } from '../../dataset/task.js';
import type { PromptInput } from './prompt-input.js';
import { dollars } from './dollars.js';

/** The statement of a manager task. Version `manager/1`. */
export function managerPrompt(
  task: Extract<PublicTask, { variant: 'swe_manager' }>,
  { layout }: PromptInput,
): string {
  return `You are the engineering manager responsible for the code base at ${layout.repository}. Freelance engineers have sent in proposals for the issue below, and you decide which of them is hired. Your decision is compared with the one the real manager took; it is worth ${dollars(task.price)} if they agree and nothing otherwise.

<issue_title>
${task.title}
</issue_title>

<issue_description>
${task.description.trim()}
</issue_description>

<proposals>
${task.proposals.trim()}
</proposals>

How to decide:
- Read the code the proposals talk about, which is in the state they were written for. Check that the root cause each of them names is the real one and that its change would work.
- Prefer the proposal that resolves the whole issue at its cause, with the least risk to the rest of the app. Between equals, the one that is more precise.
- Exactly one proposal is chosen, by the number in its heading (one of ${task.proposalIds.join(', ')}). You do not need to change the code or run the app.

Write your decision to ${layout.answerFile} as a JSON object with one key, for example:
{"selected_proposal_id": ${task.proposalIds[0] ?? 0}}
(the number in this example says nothing about the answer).`;
}
