import {
  type Agent,
  type AgentContext,
  type Dataset,
  scriptedModel,
  type ScriptedTurn,
  type Task,
  toolAgent,
} from 'swelancer';

/**
 * Two models without a key, in place of real ones. The careful one solves every job; the hasty one solves the small jobs,
 * some of the larger ones in some epochs, and takes the first proposal it reads.
 */
export function scriptedAgent(model: 'careful' | 'hasty', dataset: Dataset): Agent {
  return {
    name: model,
    solve: (context) => {
      const task = dataset.get(context.task.id);
      const turns = model === 'careful' ? careful(task, context) : hasty(task, context);
      return toolAgent({ model: scriptedModel(turns, { id: `scripted/${model}` }) }).solve(context);
    },
  };
}

function careful(task: Task, context: AgentContext): readonly ScriptedTurn[] {
  return [look(), ...solve(task, context), submit('Done, and looked at again.', 0.4)];
}

function hasty(task: Task, context: AgentContext): readonly ScriptedTurn[] {
  const epoch = context.events.context.epoch ?? 1;
  if (task.variant === 'swe_manager') {
    const [first = 0] = task.proposalIds;
    return [choose(first, context), submit('The first one will do.', 0.02)];
  }
  const lucky = task.price <= 250 || (task.price + epoch) % 3 === 0;
  return lucky
    ? [...solve(task, context), submit('Fixed.', 0.05)]
    : [look(), submit('I see nothing wrong.', 0.03)];
}

function solve(task: Task, context: AgentContext): readonly ScriptedTurn[] {
  if (task.variant === 'swe_manager') return [choose(task.secrets.correctProposalId, context)];
  const patch = Buffer.from(task.secrets.bugPatch ?? '').toString('base64');
  return [
    bash(
      `echo ${patch} | base64 -d | git apply --reverse --binary --whitespace=nowarn -`,
      'This is what is wrong.',
    ),
  ];
}

function look(): ScriptedTurn {
  return bash('git status --short; ls; grep -rn TODO src | head -5', 'First a look around.');
}

function choose(proposal: number, { answerFile = '' }: AgentContext): ScriptedTurn {
  return bash(
    `echo '{"selected_proposal_id": ${proposal}}' > '${answerFile}'`,
    `Proposal ${proposal} it is.`,
  );
}

function bash(command: string, text: string): ScriptedTurn {
  return { text, toolCalls: [{ name: 'bash', input: { command } }], costDollars: 0.01 };
}

function submit(summary: string, costDollars: number): ScriptedTurn {
  return { toolCalls: [{ name: 'submit', input: { summary } }], costDollars };
}
