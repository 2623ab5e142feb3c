import { ConfigurationError } from '../errors.js';
import { Secret } from '../redaction.js';
import type { ShellCommandOptions } from './computer-interface.js';

/** @throws ConfigurationError for a command, or options of it, that no computer can run as they are */
export function checkCommand(
  command: string,
  { cwd, env, shell = 'sh', killGraceMs, output = {} }: ShellCommandOptions,
): void {
  if (command.includes('\0'))
    throw new ConfigurationError('A command holds a NUL character, which no shell can run.');
  if (cwd !== undefined && !cwd.startsWith('/')) {
    throw new ConfigurationError(`cwd is ${JSON.stringify(cwd)}; give an absolute path.`);
  }
  if (cwd?.includes('\0') === true) {
    throw new ConfigurationError(`cwd is ${JSON.stringify(cwd)}, with a NUL character, which no path has.`);
  }
  if (killGraceMs !== undefined && !(killGraceMs >= 0 && killGraceMs < Infinity)) {
    throw new ConfigurationError(`killGraceMs is ${killGraceMs}; give milliseconds, 0 or more.`);
  }
  for (const name of ['headBytes', 'tailBytes'] as const) {
    const bytes = output[name];
    if (bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 0)) continue;
    throw new ConfigurationError(`output.${name} is ${bytes}; give a whole number of bytes, 0 or more.`);
  }
  if (!['sh', 'bash', 'login'].includes(shell)) {
    throw new ConfigurationError(`shell is ${JSON.stringify(shell)}; give sh, bash or login.`);
  }
  for (const [name, value] of Object.entries(env ?? {})) checkVariable(name, value);
}

function checkVariable(name: string, value: unknown): void {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new ConfigurationError(`${JSON.stringify(name)} is not a name for an environment variable.`);
  }
  // As one of `process.env` that is not set.
  if (value === undefined) return;
  const text = value instanceof Secret ? value.reveal() : value;
  if (typeof text !== 'string') {
    const found = text === null ? 'null' : `a ${typeof text}`;
    throw new ConfigurationError(`The environment variable ${name} is ${found}; give text or a Secret.`);
  }
  if (!text.includes('\0')) return;
  throw new ConfigurationError(
    `The environment variable ${name} holds a NUL character; no process can get one.`,
  );
}
