import type { Computer } from '../computer/computer.js';
import { UnsupportedOptionError } from '../computer/errors.js';
import type { NetworkPolicy, NetworkReport } from '../computer/network-policy.js';
import type { NetworkOptions } from '../computer/computer-interface.js';

/**
 * Cuts a ready computer off, as upstream does after set-up; its own results count only so. With no policy asked for, a
 * computer that cannot be cut off keeps its network, told by a `computer.degraded` event; one that was asked for and
 * cannot be had is an error.
 */
export async function isolate(
  computer: Computer,
  policy: NetworkPolicy | undefined,
  options: NetworkOptions & { readonly degraded: (reason: string) => void },
): Promise<NetworkReport | undefined> {
  if (policy === undefined && !computer.canSetNetworkPolicy) {
    options.degraded('It keeps its network: this kind of computer cannot be cut off.');
    return undefined;
  }
  try {
    return await computer.setNetworkPolicy(policy ?? 'cut', {
      signal: options.signal,
      timeoutMs: options.timeoutMs,
      allow: options.allow,
    });
  } catch (error) {
    if (policy !== undefined || !(error instanceof UnsupportedOptionError)) throw error;
    options.degraded(`It keeps its network: ${error.message}`);
    return undefined;
  }
}
