import { artifactFolder } from '../store/artifact-folder.js';
import type { AttemptFolder } from '../store/run-folder.js';
import type { ArtifactOptions } from '../swelancer/grading/round-artifacts.js';
import type { EvalOptions } from './eval-options.js';

/** Where the files of an attempt are kept, where they are. */
export function artifactsOf(
  keepArtifacts: EvalOptions['keepArtifacts'],
  folder: AttemptFolder | undefined,
): ArtifactOptions | undefined {
  if (keepArtifacts === undefined || keepArtifacts === false || folder === undefined) return undefined;
  return { ...(keepArtifacts === true ? {} : keepArtifacts), keep: artifactFolder(folder.artifacts) };
}
