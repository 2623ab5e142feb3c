import { digest } from '../../digest.js';
import { noBoundAsNull } from '../../no-bound-as-null.js';
import type { ModelAgentOptions } from './run-session.js';

export interface ModelAgentSettings extends ModelAgentOptions {
  /** The agent's own instructions, such as `tool/1`. */
  readonly version: string;
  readonly instructions?: string | undefined;
}

/**
 * What decides how an agent works that talks to a model, for its `configuration`: every option but its name, and prices,
 * which change what a run is said to cost and not what is done in it.
 */
export function modelAgentSettings(options: ModelAgentSettings): Record<string, unknown> {
  const { version, instructions, model, maxTurns, sampling = {}, estimate, modelTimeoutMs } = options;
  return noBoundAsNull({
    version,
    ...(instructions !== undefined && { instructions: digest(instructions) }),
    model: model.id,
    maxTurns,
    sampling: noBoundAsNull({ ...sampling }),
    images: options.images ?? false,
    validateAnswer: options.validateAnswer ?? false,
    ...(modelTimeoutMs !== undefined && { modelTimeoutMs }),
    ...(estimate !== undefined && { estimate: digest(estimate) }),
  });
}
