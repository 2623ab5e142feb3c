import { ConfigurationError } from '../../errors.js';

/** How much of a run is put into the page. What is left out is counted there, with the path of the whole file. */
export interface HtmlReportLimits {
  /**
   * Characters of transcripts, patches and logs of all attempts together, before compression to about a quarter. Each attempt
   * gets an equal share. Default: 200,000,000.
   */
  readonly textCharacters?: number | undefined;
  /** Characters of one attempt, however few there are. Default: 2,000,000. */
  readonly attemptCharacters?: number | undefined;
  /** Bytes of screenshots and videos; the others are linked. Default: 24 MiB. */
  readonly mediaBytes?: number | undefined;
  /** Bytes of one screenshot or video. Default: 4 MiB. */
  readonly fileBytes?: number | undefined;
}

/** Characters each text of an attempt may have. */
export interface TextLimits {
  readonly transcript: number;
  readonly message: number;
  readonly patch: number;
  readonly log: number;
}

/** @throws ConfigurationError */
export function textLimits(limits: HtmlReportLimits, attempts: number): TextLimits {
  const all = checked(limits.textCharacters ?? 200_000_000, 'textCharacters');
  const most = checked(limits.attemptCharacters ?? 2_000_000, 'attemptCharacters');
  const share = Math.min(most, Math.floor(all / Math.max(attempts, 1)));
  return {
    transcript: Math.floor(share * 0.6),
    message: Math.max(2000, Math.floor(share * 0.1)),
    patch: Math.floor(share * 0.2),
    log: Math.floor(share * 0.1),
  };
}

/** Room for pictures and videos, given to whoever comes first. */
export interface MediaBudget {
  take(bytes: number): boolean;
}

/** @throws ConfigurationError */
export function mediaBudget(limits: HtmlReportLimits): MediaBudget {
  let left = checked(limits.mediaBytes ?? 24 * 1024 ** 2, 'mediaBytes');
  const most = checked(limits.fileBytes ?? 4 * 1024 ** 2, 'fileBytes');
  return {
    take: (bytes) => {
      if (bytes > most || bytes > left) return false;
      left -= bytes;
      return true;
    },
  };
}

function checked(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new ConfigurationError(`limits.${name} must be a whole number from 0, and is ${value}.`);
}
