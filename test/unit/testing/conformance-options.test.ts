import { expect, test } from 'vitest';
import { ConfigurationError } from '../../../src/index.js';
import {
  conformanceCases,
  type ConformanceOptions,
  runConformance,
  type RunConformanceOptions,
} from '../../../src/testing/index.js';

const create = async () => Promise.reject(new Error('never'));

const unusable: readonly (readonly [title: string, options: object, problem: RegExp])[] = [
  ['an unknown option', { othreUser: 'nobody' }, /othreUser/],
  ['an unknown capability', { capabilities: { process: false } }, /capabilities: .*process/],
  ['a capability that is neither true nor false', { capabilities: { trees: 'no' } }, /capabilities\.trees/],
  ['an unknown fault', { faults: { cutLinks: create } }, /faults: .*cutLinks/],
  ['a network without a probe', { network: {} }, /network\.probe/],
  ['a harness without a program', { harness: { argv: [], findLeftovers: create } }, /harness\.argv/],
  ['a relative scratch folder', { scratchFolder: 'scratch' }, /scratchFolder: expected an absolute path/],
  ['a time limit that is none', { startTimeoutMs: 0 }, /startTimeoutMs/],
  ['no way to a computer', { create: undefined }, /create: expected a runtime, or a function/],
];

test.each(unusable)('%s is refused', async (_, options, problem) => {
  const given = { create, only: ['commands/success'], ...options } as RunConformanceOptions;
  await expect(runConformance(given)).rejects.toThrow(ConfigurationError);
  await expect(runConformance(given)).rejects.toThrow(problem);
  const { create: createOther, ...suite } = { create, ...options };
  expect(() => conformanceCases(createOther, suite as ConformanceOptions)).toThrow(problem);
});

test.each([
  ['levels that are text', { levels: ['0'] }, /levels\.0/],
  ['a level that does not exist', { levels: [5] }, /levels\.0/],
  ['a listener that is no function', { onCase: 'print' }, /onCase: expected a function/],
])('%s is refused by runConformance', async (_, options, problem) => {
  const given = { create, ...options } as unknown as RunConformanceOptions;
  await expect(runConformance(given)).rejects.toThrow(problem);
});

test('a function that makes no computer is told so', async () => {
  const create = async () => Promise.resolve(undefined) as unknown as Promise<never>;
  const report = await runConformance({ create, only: ['commands/success'] });
  expect(report.cases[0]).toMatchObject({
    outcome: 'failed',
    error: { code: 'configuration', message: expect.stringContaining('gave no computer') as string },
  });
});
