import type { ComputerRequest, ComputerRuntime } from '../computer/computer-interface.js';
import type { ProvisionOptions } from '../swelancer/provision.js';
import type { Attempt } from './attempt.js';

/** What one of an attempt's computers is made of. */
export function provisionOf(
  attempt: Attempt,
  runtime: ComputerRuntime,
  purpose: ComputerRequest['purpose'],
  call: Pick<ProvisionOptions, 'events' | 'signal' | 'timeoutMs' | 'startGate'>,
): ProvisionOptions {
  const { options, redactor, setups, facts } = attempt;
  return {
    task: options.task,
    runtime,
    purpose,
    options: options.computers ?? {},
    redactor,
    pullGate: options.gates?.pull,
    setups,
    onSetup: (setup) => {
      facts.setup = { ...facts.setup, [purpose]: setup };
    },
    ...call,
  };
}
