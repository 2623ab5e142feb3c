import { createRequire } from 'node:module';
import { randomUUID } from 'node:crypto';
import { digest } from '../digest.js';
import { taskScorer } from '../scorer/task-scorer.js';
import { defaultDeadlines } from '../run/deadlines.js';
import type { Task } from '../dataset/task.js';
import { type LayoutFactory, layoutFacts, officialLayout } from '../swelancer/layout.js';
import type { Scorer } from '../scorer/scorer.js';
import type { RunDescription } from '../store/run-description.js';
import type { EvalOptions } from './eval-options.js';
import type { OwnSetting } from './own-settings.js';
import type { RunIdentity } from './sample-job.js';

/** What a run is about, for its folder: all that decides what its results mean. */
export function describeRun(options: EvalOptions): RunDescription {
  const { dataset, agent, epochs = 1 } = options;
  const identity = runIdentity(options);
  return {
    schema: 1,
    runId: options.runId ?? randomUUID(),
    name: options.name ?? agent.name,
    createdAt: new Date().toISOString(),
    ...identity,
    dataset: { fingerprint: identity.dataset, tasks: [...dataset].map(describeTask) },
    epochs,
    versions: ownVersions(),
  };
}

/** What a coordinator and its workers must have been given alike. */
export function runIdentity(options: IdentifyingOptions): RunIdentity {
  return {
    dataset: options.dataset.fingerprint,
    agent: options.agent.name,
    scorer: (options.scorer ?? taskScorer()).name,
    configuration: plainJson({ ...settings(options), ...options.configuration }),
  };
}

type IdentifyingOptions = Pick<
  EvalOptions,
  | 'dataset'
  | 'agent'
  | 'scorer'
  | 'configuration'
  | 'grading'
  | 'userTool'
  | 'limits'
  | 'deadlines'
  | 'computers'
  | 'prompt'
>;

function describeTask({ id, variant, title, price, split, ...task }: Task) {
  return {
    id,
    variant,
    title,
    price,
    ...(split !== undefined && { split }),
    ...('proposalIds' in task && { proposals: task.proposalIds.length }),
  };
}

/** Settings that change what a result means. How many run at a time, and how long faults are waited out, do not. */
function settings(options: IdentifyingOptions): Record<OwnSetting, unknown> {
  const { agent, computers = {}, prompt = 'default' } = options;
  return {
    agentConfiguration: 'configuration' in agent ? agent.configuration : undefined,
    scorerConfiguration: (options.scorer ?? taskScorer()).configuration,
    prompt: typeof prompt === 'function' ? digest(prompt) : prompt,
    grading: options.grading ?? 'fresh',
    userTool: options.userTool ?? true,
    limits: options.limits ?? {},
    deadlines: { ...defaultDeadlines, ...options.deadlines },
    network: computers.network ?? 'default',
    allowHosts: computers.allowHosts ?? [],
    image: computers.image ?? null,
    images: computers.images ?? {},
    resources: computers.resources ?? {},
    environment: computers.environment === undefined ? 'default' : digest(computers.environment),
    layout: layoutName(computers.layout ?? officialLayout),
  };
}

/** Apart from the others, since a run can be scored again. */
export function scorerSettings({ configuration }: Scorer): RunDescription['configuration'] {
  return configuration === undefined ? {} : plainJson({ scorerConfiguration: configuration });
}

/** Where the root is differs from computer to computer, and is no setting. */
function layoutName(layout: LayoutFactory): string {
  return layout === officialLayout ? 'official' : digest(layoutFacts(layout('')));
}

/** As it is read back from a file: undefined entries are gone, and so is the sign of -0. */
function plainJson(value: Record<string, unknown>): RunDescription['configuration'] {
  return JSON.parse(JSON.stringify(value)) as RunDescription['configuration'];
}

/** Of this package and of Node. */
export function ownVersions(): RunDescription['versions'] {
  return { swelancer: ownVersion(), node: process.version };
}

/** From the package itself, whether it runs from its sources or as it is published. A bundle does not have it beside it. */
function ownVersion(): string {
  try {
    const manifest: unknown = createRequire(import.meta.url)('swelancer/package.json');
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
      return String(manifest.version);
  } catch {
    // It is for people only.
  }
  return 'unknown';
}
