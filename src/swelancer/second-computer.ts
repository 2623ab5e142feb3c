import { type BaseCommit, createBaseCommit } from './base-commit.js';
import type { ProvisionedComputer, ProvisionOptions } from './provision.js';
import { startReadyComputer } from './ready-computer.js';

/** A computer beside the agent's, with the same starting state. */
export interface SecondComputer extends ProvisionedComputer {
  readonly base: BaseCommit;
}

/** Starts a computer that keeps its tests: set up, cut off, at the base commit. No agent may be let into it. */
export async function startSecondComputer(
  provision: ProvisionOptions,
  readyTimeoutMs: number,
): Promise<SecondComputer> {
  const { computer, layout } = await startReadyComputer({ provision, readyTimeoutMs });
  try {
    const base = await createBaseCommit(computer, layout, { signal: provision.signal });
    return { computer, layout, base };
  } catch (error) {
    await computer.cleanup();
    throw error;
  }
}
