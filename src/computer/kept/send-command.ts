import type { CommandResult, ShellCommandOptions } from '../computer-interface.js';

/** `sendShellCommand` of somebody else's computer. It may ignore its options, never settle, and throw anything. */
export type SendCommand = (command: string, options: ShellCommandOptions) => Promise<CommandResult>;
