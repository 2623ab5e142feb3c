import type { CommandResult } from '../../computer/computer-interface.js';
import { digest } from '../../digest.js';
import { CommandTimeoutError } from '../../computer/errors.js';
import { ConfigurationError, toErrorRecord } from '../../errors.js';
import { Redactor, Secret } from '../../redaction.js';
import type { Agent, AgentContext, AgentLimitName, AgentOutcome } from '../agent.js';
import type { AgentUsage } from '../agent-usage.js';
import { answerProblem } from '../answer-problem.js';
import { AgentProgramError } from '../errors.js';
import { readableOutput } from '../execution/readable-output.js';
import { limitBehind } from '../session/limit-reached.js';
import { transcriptWriter } from '../session/transcript-writer.js';
import type { CliAgentOptions } from './cli-agent-options.js';
import { type CliFolder, createCliFolder } from './cli-folder.js';
import { cliPrompt } from './cli-prompt.js';
import { usageSum } from '../../result/usage-sum.js';
import { withUserTool } from './with-user-tool.js';
import { noBoundAsNull } from '../../no-bound-as-null.js';

/** Times that a program is sent back to an answer that cannot be graded. */
const answerCorrections = 2;
/** Bytes of the program's output that are kept, from its start and from its end each. */
const keptOutputBytes = 128 * 1024;

/**
 * Runs a command-line agent inside the computer. The task reaches it as a file, whose length no shell limits; `user-tool`
 * is a command it can run; a Node program survives the playbook's `pkill -f node`. With an exit code that is not a
 * success, the agent throws `AgentProgramError`: a program that crashed says nothing about the task.
 */
export function cliAgent(options: CliAgentOptions): Agent {
  const { name, timeoutMs = 3_600_000 } = options;
  const version = options.instructions === undefined ? 'cli/1' : 'custom';

  const solve = async (context: AgentContext): Promise<AgentOutcome> => {
    refuseLimits(context, options.keepsLimits ?? []);
    const write = transcriptWriter(context.transcript, context.events);
    const time = () => new Date().toISOString();
    const tell = async (role: 'user' | 'assistant', content: string, turn: number) =>
      write({ type: 'message', time: time(), turn, message: { role, content } });
    await write({
      type: 'start',
      schema: 1,
      time: time(),
      agent: name,
      agentVersion: version,
      taskId: context.task.id,
      promptVersion: context.prompt.version,
      runId: context.events.context.runId,
      epoch: context.events.context.epoch,
      attempt: context.events.context.attempt,
    });
    const rounds: AgentUsage[] = [];
    const end = async (outcome: Ending): Promise<AgentOutcome> => {
      const usage = usageSum(rounds);
      await write({ type: 'end', time: time(), usage, ...outcome });
      return { ...outcome, usage, metadata: { agentVersion: version } };
    };
    try {
      await options.before?.(context);
      const outcome = await runRounds(context, {
        tell,
        spent: async (result) => {
          if (options.readUsage === undefined) return;
          rounds.push(await usageOf(result, context));
          context.reportUsage(usageSum(rounds));
        },
      });
      return await end(outcome);
    } catch (error) {
      const reached = limitBehind(error, context.signal);
      if (reached !== undefined) return await end({ endedByLimit: reached.limit });
      await write({ type: 'end', time: time(), usage: usageSum(rounds), error: toErrorRecord(error) });
      throw error;
    }
  };

  /** Unknown where it cannot be read: how the program ended is worth more than what it spent. */
  const usageOf = async (result: CommandResult, context: AgentContext): Promise<AgentUsage> => {
    try {
      const usage = (await options.readUsage?.(result, context)) ?? {};
      // Numbers that cannot be added up are found here, where they do no harm.
      return usageSum([usage]);
    } catch (error) {
      if (context.signal.aborted) throw error;
      context.events.emit('diagnostic', {
        message: `The usage of the command-line agent ${name} could not be read.`,
        error: toErrorRecord(error),
      });
      return {};
    }
  };

  const runRounds = async (context: AgentContext, { tell, spent }: Round): Promise<Ending> => {
    const { command, instructions = cliPrompt({ userTool: context.userTool !== undefined }) } = options;
    const script = typeof command === 'function' ? command(context) : command;
    await using folder = await createCliFolder(context, script);
    const task = `${context.prompt.text}\n\n${instructions}\n`;
    let prompt = task;
    for (let round = 1; ; round++) {
      await tell('user', prompt, round);
      await context.computer.upload(Buffer.from(prompt), folder.promptFile, { signal: context.signal });
      const { result, timedOut } = await withUserTool(folder, context, (signal) =>
        run(folder, context, signal),
      );
      const message = readableOutput(redactorOf(options).redact(result.stdout));
      await tell('assistant', message, round);
      await spent(result);
      if (timedOut) {
        context.events.emit('limit.reached', { limit: 'wallClockMs', value: timeoutMs });
        return { endedByLimit: 'wallClockMs', message: lastLines(message) };
      }
      failUnlessSuccess(result, options);
      const problem = options.validateAnswer === true ? await answerProblem(context) : undefined;
      if (problem === undefined || round > answerCorrections) return { message: lastLines(message) };
      prompt = `${task}\nYou have worked on this before. ${problem}\n`;
    }
  };

  const run = async (folder: CliFolder, { computer }: AgentContext, signal: AbortSignal) => {
    try {
      const result: CommandResult = await computer.sendShellCommand(folder.start, {
        env: { ...folder.environment, ...options.environment },
        timeoutMs,
        signal,
        output: { headBytes: keptOutputBytes, tailBytes: keptOutputBytes },
        label: `command-line agent ${name}`,
      });
      return { result, timedOut: false };
    } catch (error) {
      if (error instanceof CommandTimeoutError && !signal.aborted)
        return { result: error.partial, timedOut: true };
      throw error;
    }
  };

  return { name, configuration: noBoundAsNull(configurationOf(options, version, timeoutMs)), solve };
}

/** Commands and variables by their digests: either may hold what is not for a run's folder. */
function configurationOf(options: CliAgentOptions, version: string, timeoutMs: number) {
  const { command, environment = {}, before, instructions } = options;
  return {
    version,
    ...(instructions !== undefined && { instructions: digest(instructions) }),
    command: digest(command),
    environment: digest(environment),
    ...(before !== undefined && { before: digest(before) }),
    keepsLimits: [...(options.keepsLimits ?? [])].sort(),
    timeoutMs,
    successExitCodes: [...(options.successExitCodes ?? [0])],
    validateAnswer: options.validateAnswer ?? false,
  };
}

type Ending = Pick<AgentOutcome, 'endedByLimit' | 'message'>;

interface Round {
  readonly tell: (role: 'user' | 'assistant', content: string, turn: number) => Promise<void>;
  readonly spent: (result: CommandResult) => Promise<void>;
}

function refuseLimits({ limits }: AgentContext, kept: readonly AgentLimitName[]): void {
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined || name === 'wallClockMs' || kept.some((each) => each === name)) continue;
    throw new ConfigurationError(
      `\`limits.${name}\` cannot be kept for a command-line agent. Make its command keep it and name it in \`keepsLimits\`, or leave it out.`,
    );
  }
}

function failUnlessSuccess({ exitCode, stdout, stderr }: CommandResult, options: CliAgentOptions): void {
  if (exitCode !== null && (options.successExitCodes ?? [0]).includes(exitCode)) return;
  const redactor = redactorOf(options);
  const outputEnd = lastLines(readableOutput(redactor.redact(`${stdout}\n${stderr}`)));
  const hint = exitCode === 127 ? ' Is the program installed in the image, or by `before`?' : '';
  throw new AgentProgramError(
    `The command-line agent ${options.name} ended with exit code ${exitCode ?? 'unknown'}.${hint} It wrote last:\n${outputEnd}`,
    { exitCode, outputEnd, phase: 'solve' },
  );
}

function redactorOf({ environment = {} }: CliAgentOptions): Redactor {
  return new Redactor(Object.values(environment).filter((value) => value instanceof Secret));
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-20).join('\n').slice(-4_000);
}
