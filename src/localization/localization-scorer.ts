import type { Task } from '../dataset/task.js';
import { digest } from '../digest.js';
import { ConfigurationError } from '../errors.js';
import type { Score, Scorer } from '../scorer/scorer.js';
import { type GoldLocations, goldLocations, type GoldOptions } from './gold-locations.js';
import { localizationAnswerFile } from './localization-answer-file.js';
import { type LocalizationLevel, localizationMetadata } from './localization-metadata.js';
import { parseRankedLocations } from './ranked-locations.js';

export interface LocalizationScorerOptions extends GoldOptions {
  /** A task is paid if one of the first `k` places is right: Hit@k. Default 1. */
  readonly k?: number | undefined;
  /** Which places decide that. Default `files`. With `functions`, tasks whose patch names none cannot be scored. */
  readonly level?: LocalizationLevel | undefined;
  /**
   * Where a layout of your own has the repository, absolute: agents may name places by it. Default: the task's working
   * directory, which is the official layout's.
   */
  readonly repository?: string | undefined;
}

/**
 * SWE-Lancer-Loc: the agent names the files, and functions if it can, in which the bug is, the likeliest first; nothing
 * is built or run. Gold is what the reverse of the bug patch edits. Use it with `localizationPrompt`. All ranks are kept
 * in the score's metadata, from which `localizationFigures` computes Hit@k and Recall@k for every k.
 *
 * @throws ConfigurationError unless k is a whole number of 1 or more.
 */
export function localizationScorer(options: LocalizationScorerOptions = {}): Scorer {
  const { k = 1, level = 'files', repository } = options;
  if (!Number.isInteger(k) || k < 1)
    throw new ConfigurationError(`Hit@k needs a whole k of 1 or more, not ${k}.`);
  return {
    name: 'localization',
    configuration: { k, level, repository, ...(options.counts && { counts: digest(options.counts) }) },
    answerFile: localizationAnswerFile,
    check: (task) => void requireGold(task, level, options),
    score: async ({ task, session }): Promise<Score> => {
      const gold = requireGold(task, level, options);
      const text = session.answer === undefined ? '' : new TextDecoder().decode(session.answer);
      const answer = parseRankedLocations(text, repository ?? task.workingDirectory);
      const metadata = localizationMetadata(gold, answer ?? []);
      const unpaid = { value: 0, tries: [], metadata } as const;
      if (text.trim() === '') return { ...unpaid, outcome: 'no_answer', explanation: 'no list of places' };
      if (answer === undefined)
        return { ...unpaid, outcome: 'malformed', explanation: 'the answer names no place' };
      const first = metadata.localization[level].ranks[0];
      const hit = first !== undefined && first <= k;
      return {
        outcome: hit ? 'correct' : 'wrong',
        value: hit ? 1 : 0,
        explanation:
          first === undefined
            ? `none of the ${metadata.localization[level].named} ${level} named is right`
            : `number ${first} of the ${level} named is the first right one; the first ${k} count`,
        tries: [],
        metadata,
      };
    },
  };
}

function requireGold(task: Task, level: LocalizationLevel, options: GoldOptions): GoldLocations {
  const gold = goldLocations(task, options);
  if (gold !== undefined && gold[level].length > 0) return gold;
  throw new ConfigurationError(
    `Task ${task.id} has no ${level} to find: localization needs an IC task whose bug patch edits source files (see \`goldLocations\` and \`Dataset.withIssues\`). Filter the dataset by it.`,
  );
}
