import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { checkOptions } from '../../check-options.js';
import type { ConformanceCapabilities } from './conformance-case.js';
import type {
  ConformanceFaults,
  ConformanceHarness,
  ConformanceNetwork,
  ConformanceOptions,
  CreateComputer,
} from './conformance-options.js';
import type { RunConformanceOptions } from './run-conformance.js';

/** One check for each name of an interface, so that none is forgotten. */
type ShapeOf<T> = Readonly<Record<keyof T, z.ZodType>>;

const anyFunction = z.custom((value) => typeof value === 'function', 'expected a function');
const argv = z.array(z.string()).min(1);
const folder = z.string().refine(isAbsolute, 'expected an absolute path').optional();
const milliseconds = z.number().positive().optional();

const capabilities = {
  concurrentCommands: z.boolean().optional(),
  processes: z.boolean().optional(),
  longCommands: z.boolean().optional(),
  trees: z.boolean().optional(),
  disposable: z.boolean().optional(),
  survivesLostLinks: z.boolean().optional(),
  limitsMemory: z.boolean().optional(),
  limitsProcesses: z.boolean().optional(),
} satisfies ShapeOf<ConformanceCapabilities>;

const faults = {
  killMachine: anyFunction.optional(),
  restartMachine: anyFunction.optional(),
  cutLink: anyFunction.optional(),
  restoreLink: anyFunction.optional(),
} satisfies ShapeOf<ConformanceFaults>;

const network = {
  probe: z.string().min(1),
  moreProbes: z.record(z.string(), z.string()).optional(),
  cut: anyFunction.optional(),
} satisfies ShapeOf<ConformanceNetwork>;

const harness = {
  argv,
  findLeftovers: anyFunction,
  withinMs: milliseconds,
  sweep: z.strictObject({ argv, run: anyFunction }).optional(),
} satisfies ShapeOf<ConformanceHarness>;

const suite = {
  capabilities: z.strictObject(capabilities).optional(),
  // A runtime looks at what it is asked for.
  request: z.record(z.string(), z.unknown()).optional(),
  scratchFolder: folder,
  otherUser: z.string().min(1).optional(),
  smallFolder: folder,
  startFrom: anyFunction.optional(),
  startTimeoutMs: milliseconds,
  cleanupTimeoutMs: milliseconds,
  faults: z.strictObject(faults).optional(),
  network: z.strictObject(network).optional(),
  harness: z.strictObject(harness).optional(),
} satisfies ShapeOf<ConformanceOptions>;

const run = {
  ...suite,
  create: z.custom(isCreate, 'expected a runtime, or a function that makes a computer'),
  levels: z.array(z.literal([0, 1, 2, 3, 4])).optional(),
  only: z.array(z.string()).optional(),
  onCase: anyFunction.optional(),
  signal: z.instanceof(AbortSignal).optional(),
} satisfies ShapeOf<RunConformanceOptions>;

function isCreate(value: unknown): boolean {
  if (typeof value === 'function') return true;
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'start') === 'function';
}

/** @throws ConfigurationError that names what is wrong */
export function checkRunOptions(options: RunConformanceOptions): void {
  checkOptions('runConformance', run, options);
}

/** @throws ConfigurationError that names what is wrong */
export function checkSuiteOptions(create: CreateComputer, options: ConformanceOptions): void {
  checkOptions('conformanceCases', { ...suite, create: run.create }, { ...options, create });
}
