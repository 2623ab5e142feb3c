import type { Environment } from '../redaction.js';

/** `full`: it goes through the set-up that its image asks for. `snapshot`: it starts from one that did. */
export type SetupKind = 'full' | 'snapshot';

/** What a computer starts from: the task's image, or the snapshot of a computer whose set-up was done. */
export interface StartingPoint {
  readonly setup: SetupKind;
  readonly image: string;
  readonly environment: Environment;
}
