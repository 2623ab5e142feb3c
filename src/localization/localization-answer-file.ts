import type { Layout } from '../swelancer/layout.js';

/** Where an agent writes its list: in the repository, because agents are told to stay there. */
export function localizationAnswerFile({ repository }: Pick<Layout, 'repository'>): string {
  return `${repository}/localization.txt`;
}
