export { type BaseCommit, type BaseTree, bundleBaseCommit, createBaseCommit } from './base-commit.js';
export { type EnvironmentOptions, taskEnvironment } from './environment.js';
export { GradingError, type GradingFault, PatchRejectedError, PrepareError } from './errors.js';
export { freshGrading, type FreshGradingOptions } from './grading/fresh-grading.js';
export type { GradingSession } from './grading/grading-session.js';
export { type IcRound, type IcVerdict, type IcVerdictOptions, icVerdict } from './grading/ic-verdict.js';
export { inPlaceGrading, type InPlaceGradingOptions } from './grading/in-place-grading.js';
export {
  type ManagerVerdict,
  type ManagerVerdictOptions,
  managerVerdict,
} from './grading/manager-verdict.js';
export type { ArtifactCaps, ArtifactOptions, RoundArtifact } from './grading/round-artifacts.js';
export { runTestRound, type TestRound, type TestRoundOptions } from './grading/test-round.js';
export type { TestTry } from './grading/test-try.js';
export { type ImageOptions, imageName, publishedImages } from './image-name.js';
export { type Layout, type LayoutFactory, officialLayout } from './layout.js';
export { applyPatch, type BaseSource, extractPatch, type Patch, patchFrom } from './patch.js';
export { type FailedStep, failedStepOf, type PlaybookStepKind } from './playbook-output.js';
export { prepareComputer, type PreparedComputer, type PrepareOptions } from './prepare.js';
export { buildPrompt, type PromptSource } from './prompt/build-prompt.js';
export type { PromptInput } from './prompt/prompt-input.js';
export type { Prompt } from './prompt/prompt.js';
export {
  type ComputerOptions,
  type ProvisionedComputer,
  type ProvisionOptions,
  startComputer,
} from './provision.js';
export { type ReadinessOptions, waitUntilReady } from './readiness.js';
export {
  type FirstOfSetup,
  type SetupRole,
  sharedSetups,
  type SharedSetups,
  type UserOfSetup,
  type WantedSetup,
} from './shared-setups.js';
export type { SetupKind, StartingPoint } from './starting-point.js';
export { isolate } from './isolate.js';
export { removeTests, takeTests, type TestsCustody } from './tests-custody.js';
export { runUserTool, type UserToolOptions, type UserToolPlace, type UserToolResult } from './user-tool.js';
