import type { ComputerInterface } from '../../computer/computer-interface.js';
import type { ConformanceCapabilities, ConformanceRequirement } from './conformance-case.js';
import type { ConformanceOptions } from './conformance-options.js';

const defaults: ConformanceCapabilities = {
  concurrentCommands: true,
  processes: true,
  longCommands: true,
  trees: true,
  disposable: false,
  survivesLostLinks: false,
  limitsMemory: false,
  limitsProcesses: false,
};

/** What the suite's options alone do not fulfil, before there is a computer. */
export function missingOption(
  requires: readonly ConformanceRequirement[],
  options: ConformanceOptions,
): string | undefined {
  const capabilities = { ...defaults, ...options.capabilities };
  for (const requirement of requires) {
    if (requirement in capabilities) {
      // `in` has told that it is one of them.
      if (capabilities[requirement as keyof ConformanceCapabilities]) continue;
      return `needs the capability ${requirement}, which is not declared`;
    }
    if (!isGiven(requirement, options)) return `needs the option ${optionNames[requirement] ?? requirement}`;
  }
  return undefined;
}

/** What a computer does not declare. */
export function missingCapability(
  requires: readonly ConformanceRequirement[],
  {
    capabilities = {},
    snapshot,
    setNetworkPolicy,
  }: Pick<ComputerInterface, 'capabilities'> & {
    readonly snapshot?: unknown;
    readonly setNetworkPolicy?: unknown;
  },
): string | undefined {
  if (requires.includes('snapshot') && snapshot === undefined) return 'the computer has no `snapshot`';
  if (requires.includes('networkPolicy') && setNetworkPolicy === undefined) {
    return 'the computer has no `setNetworkPolicy`';
  }
  const missing = requires.find(
    (requirement) =>
      (requirement === 'streamsOutput' || requirement === 'switchesUser' || requirement === 'boundsOutput') &&
      capabilities[requirement] !== true,
  );
  return missing && `the computer does not declare ${missing}`;
}

const optionNames: Partial<Record<ConformanceRequirement, string>> = {
  killMachine: 'faults.killMachine',
  restartMachine: 'faults.restartMachine',
  sweep: 'harness.sweep',
  cutLink: 'faults.cutLink with faults.restoreLink',
};

function isGiven(requirement: ConformanceRequirement, options: ConformanceOptions): boolean {
  switch (requirement) {
    case 'otherUser':
    case 'smallFolder':
    case 'network':
    case 'harness':
      return options[requirement] !== undefined;
    case 'killMachine':
    case 'restartMachine':
      return options.faults?.[requirement] !== undefined;
    case 'sweep':
      return options.harness?.sweep !== undefined;
    case 'cutLink':
      return options.faults?.cutLink !== undefined && options.faults.restoreLink !== undefined;
    default:
      return true;
  }
}
