import { settledWithin } from '../deadline.js';
import { ComputerLostError } from '../errors.js';
import type { ControlShell } from '../shell/control-shell.js';
import type { SendCommand } from './send-command.js';

/** Each script is a command of its own: there is no shell to keep open where a command's input cannot be answered. */
export function controlByCalls(send: SendCommand, computerId: string): ControlShell {
  return {
    prepare: async () => undefined,
    run: async (script, timeoutMs) => {
      const letGo = new AbortController();
      const answer = send(script, { signal: letGo.signal, timeoutMs });
      if (await settledWithin(answer, timeoutMs)) return (await answer).stdout;
      answer.catch(() => undefined);
      letGo.abort();
      const message = `Computer ${computerId} did not answer a script of ours within ${timeoutMs} ms.`;
      throw new ComputerLostError(message, { computerId, reason: 'connection' });
    },
    close: () => undefined,
  };
}
