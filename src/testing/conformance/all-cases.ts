import type { CaseDefinition } from './case-definition.js';
import { backgroundCases } from './cases/background-cases.js';
import { cleanupCases } from './cases/cleanup-cases.js';
import { commandCases } from './cases/command-cases.js';
import { deadlineCases } from './cases/deadline-cases.js';
import { downloadCases } from './cases/download-cases.js';
import { faultCases } from './cases/fault-cases.js';
import { harnessCases } from './cases/harness-cases.js';
import { hostileArchiveCases } from './cases/hostile-archive-cases.js';
import { killCases } from './cases/kill-cases.js';
import { limitCases } from './cases/limit-cases.js';
import { loadCases } from './cases/load-cases.js';
import { networkCases } from './cases/network-cases.js';
import { outputCases } from './cases/output-cases.js';
import { selfHarmCases } from './cases/self-harm-cases.js';
import { shellCases } from './cases/shell-cases.js';
import { snapshotCases } from './cases/snapshot-cases.js';
import { stdinCases } from './cases/stdin-cases.js';
import { surroundingsCases } from './cases/surroundings-cases.js';
import { textCases } from './cases/text-cases.js';
import { treeCases } from './cases/tree-cases.js';
import { uploadCases } from './cases/upload-cases.js';
import { userCases } from './cases/user-cases.js';

/** In the order of their levels, so that the first failure is the simplest one. */
export const allCases: readonly CaseDefinition[] = [
  ...commandCases,
  ...textCases,
  ...surroundingsCases,
  ...shellCases,
  ...uploadCases,
  ...downloadCases,
  ...cleanupCases,
  ...deadlineCases,
  ...killCases,
  ...stdinCases,
  ...userCases,
  ...outputCases,
  ...backgroundCases,
  ...selfHarmCases,
  ...loadCases,
  ...treeCases,
  ...hostileArchiveCases,
  ...limitCases,
  ...snapshotCases,
  ...faultCases,
  ...harnessCases,
  ...networkCases,
].sort((left, right) => left.level - right.level);
