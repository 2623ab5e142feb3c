import { observe } from '../events/event-scope.js';
import type { ComputerView } from './computer-core.js';
import type { NetworkOptions } from './computer-interface.js';
import { UnsupportedOptionError } from './errors.js';
import { type NetworkPolicy, NetworkPolicyError, type NetworkReport } from './network-policy.js';

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
      const report = await core.call(view, 'Changing the network', options, (limits) =>
        change(policy, { ...limits, allow: options.allow }),
      );
      checkProof(core.id, policy, report);
      return report;
    },
  );
}

/** An implementation's word is not enough: a run that counts as cut off has the checks to show for it. */
function checkProof(computerId: string, policy: NetworkPolicy, report: NetworkReport | undefined): void {
  const checks = report?.checks ?? [];
  const failed = checks.filter(({ passed }) => !passed);
  if (report?.policy === policy && checks.length > 0 && failed.length === 0) return;
  const why =
    report?.policy !== policy
      ? `its implementation reports the policy ${report?.policy ?? 'nothing'}`
      : checks.length === 0
        ? 'its implementation checked nothing'
        : failed.map(({ name, found, detail }) => `${name} is ${found} (${detail})`).join('; ');
  throw new NetworkPolicyError(
    `It is not proved that the network of computer ${computerId} is ${policy}: ${why}.`,
    {
      computerId,
      checks,
    },
  );
}

function refusal(computerId: string, why: string): UnsupportedOptionError {
  return new UnsupportedOptionError(`The network of computer ${computerId} was not changed: ${why}.`, {
    option: 'network',
    computerId,
  });
}
