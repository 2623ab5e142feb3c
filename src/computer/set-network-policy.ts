import { observe } from '../events/event-scope.js';
import type { ComputerView } from './computer-core.js';
import { UnsupportedOptionError } from './errors.js';
import type { NetworkPolicy, NetworkReport } from './network-policy.js';
import type { NetworkOptions } from './computer-interface.js';

/** Changes what a computer can reach, between its events. */
export async function setNetworkPolicy(
  view: ComputerView,
  policy: NetworkPolicy,
  options: NetworkOptions,
): Promise<NetworkReport> {
  const { core, scope } = view;
  const { implementation } = core;
  return observe(
    scope,
    {
      start: ['network.changing', { policy }],
      finished: ({ method, checks }: NetworkReport, durationMs) => [
        'network.changed',
        { policy, method, checks: checks.length, durationMs },
      ],
      failed: (error, durationMs) => ['network.change_failed', { policy, durationMs, error }],
    },
    async () => {
      if (view.agent) throw refusal(core.id, 'an agent may not change what its computer can reach');
      if (implementation.setNetworkPolicy === undefined) {
        throw refusal(core.id, 'its implementation has no `setNetworkPolicy`');
      }
      const change = implementation.setNetworkPolicy.bind(implementation);
      return core.call(view, 'Changing the network', options, (limits) =>
        change(policy, { ...limits, allow: options.allow }),
      );
    },
  );
}

function refusal(computerId: string, why: string): UnsupportedOptionError {
  return new UnsupportedOptionError(`The network of computer ${computerId} was not changed: ${why}.`, {
    option: 'network',
    computerId,
  });
}
