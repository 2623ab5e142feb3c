import { jsonProblems } from '../json-problems.js';
import type { Scorer } from '../scorer/scorer.js';
import type { EvalOptions } from './eval-options.js';
import { hiddenSettings } from './own-settings.js';

/** What of a configuration a run's folder could not keep as it is: the caller's, the agent's and the scorer's. */
export function configurationProblems({
  configuration,
  agent,
  scorer,
}: Pick<EvalOptions, 'configuration' | 'agent' | 'scorer'>): readonly string[] {
  return [
    ...hiddenSettings(configuration),
    ...settingProblems(configuration, 'configuration'),
    ...settingProblems('configuration' in agent ? agent.configuration : undefined, 'agent.configuration'),
    ...scorerProblems(scorer),
  ];
}

export function scorerProblems(scorer: Scorer | undefined): readonly string[] {
  return settingProblems(scorer?.configuration, 'scorer.configuration');
}

function settingProblems(given: unknown, name: string): readonly string[] {
  if (given === undefined) return [];
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return jsonProblems(given, name);
  return [`\`${name}\` must be an object of settings by their names`];
}
