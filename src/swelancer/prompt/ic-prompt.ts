import type { PublicTask } from '../../dataset/task.js';
import type { PromptInput } from './prompt-input.js';
import { dollars } from './dollars.js';

/** The statement of an IC task. Version `ic/1`. */
export function icPrompt(
  task: Extract<PublicTask, { variant: 'ic_swe' }>,
  { layout, userTool, cutOff }: PromptInput,
): string {
  return `You are an experienced software engineer who has taken on a paid freelance job in the code base at ${layout.repository}.
Resolve the issue below completely. Hidden end-to-end tests drive the app in a browser the way its users do; the job pays ${dollars(task.price)} if they pass and nothing otherwise.

<issue_title>
${task.title}
</issue_title>

<issue_description>
${task.description.trim()}
</issue_description>

What counts:
- The state of the working tree at ${layout.repository} when you finish. Commit or leave it uncommitted as you like; nothing has to be pushed.
- Fix the cause in the app's source, on every platform variant of the file that the web app uses. Tests are not yours to change.
- Leave no scratch files, debug output or disabled checks behind.

Where you are:
- The machine is yours alone${cutOff ? ', and it has no access to the internet' : ''}. The app's dependencies are installed.
- The git history was replaced by a single commit, so look for answers in the code and not in its past.
${userTool ? userToolText(layout.userToolOutput) : ''}
Work step by step: find the code that is responsible, understand why it misbehaves, change it, and check your change before you finish.`;
}

function userToolText(output: string): string {
  return `
The user tool:
- It builds the app from your working tree and walks through the steps of the issue in a real browser, as the person who reported it would. It takes several minutes.
- Afterwards the traces of that walk, such as page snapshots and screenshots, are in ${output}. They show what a user saw; they do not say whether the hidden tests would pass.
- Use it to reproduce the issue and to look at the effect of your change.
`;
}
