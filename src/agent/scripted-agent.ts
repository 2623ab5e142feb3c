import { digest } from '../digest.js';
import type { Agent } from './agent.js';

export interface ScriptedAgentOptions {
  /** Default `scripted`. */
  readonly name?: string | undefined;
  /** Run the user tool after the last command, where there is one. Default false. */
  readonly userTool?: boolean | undefined;
}

/** Runs a fixed list of shell commands in the repository, whatever their exit codes. For tests and demonstrations. */
export function scriptedAgent(commands: readonly string[], options: ScriptedAgentOptions = {}): Agent {
  return {
    name: options.name ?? 'scripted',
    configuration: { commands: digest(commands), userTool: options.userTool ?? false },
    solve: async ({ computer, workingDirectory, signal, commandTimeoutMs, userTool }) => {
      for (const command of commands) {
        await computer.sendShellCommand(command, {
          cwd: workingDirectory,
          signal,
          timeoutMs: commandTimeoutMs,
        });
      }
      if (options.userTool) await userTool?.({ signal });
      return { usage: { turns: commands.length } };
    },
  };
}
