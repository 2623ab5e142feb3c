import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  cliAgent,
  codeBlockAgent,
  ConfigurationError,
  defineTool,
  type EvalOptions,
  gradeRun,
  icTestsScorer,
  localizationScorer,
  officialLayout,
  rescoreRun,
  runAblation,
  runEval,
  runSampleJob,
  scriptedAgent,
  scriptedModel,
  Secret,
  pendingJobs,
  StoreError,
  taskScorer,
  toolAgent,
} from '../../../src/index.js';
import { fakeBenchmarkRuntime, fakeSolver, fakeTasks } from '../../fixtures/fake-benchmark.js';

const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'swelancer-identity-'));
  folders.push(folder);
  return join(folder, 'run');
}
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const dataset = fakeTasks(1);
const model = scriptedModel([], { id: 'one' });
const command = { name: 'program', command: 'program < "$PROMPT_FILE"' };
/** The tasks here have nothing to be found. */
const firstPlaces = (k: number) => ({ ...localizationScorer({ k }), check: () => undefined });
const wordCount = (description: string) =>
  defineTool({ name: 'count', description, input: z.object({}), run: () => 'three' });

/** What a folder that was begun with the first says to the second. Nothing is run: its signal has fired. */
async function refusal(first: Partial<EvalOptions>, second: Partial<EvalOptions>) {
  const options = { dataset, agent: fakeSolver, runtime: fakeBenchmarkRuntime(), store: await newFolder() };
  const signal = AbortSignal.abort();
  await runEval({ ...options, signal, ...first });
  try {
    await runEval({ ...options, signal, ...second });
    return undefined;
  } catch (error) {
    if (error instanceof StoreError && error.problem === 'mismatch') return error.message;
    throw error;
  }
}

/** As it was given, in JavaScript: types are no help there. */
type Given = Partial<EvalOptions>;

const circular: Record<string, unknown> = { name: 'ring' };
circular['inner'] = [circular];

describe('a configuration', () => {
  it.each([
    [{ maxTokens: Infinity }, '`configuration.maxTokens` is Infinity, which JSON has no form for'],
    [{ model: { temperature: NaN } }, '`configuration.model.temperature` is NaN'],
    [{ 'top p': -Infinity }, '`configuration["top p"]` is -Infinity'],
    [{ stops: ['a', undefined] }, '`configuration.stops[1]` is undefined'],

    [{ stops: ['a', , 'b'] }, '`configuration.stops[1]` is undefined'],
    [{ since: new Date(0) }, '`configuration.since` is an object of class Date'],
    [{ prices: new Map([['a', 1]]) }, '`configuration.prices` is an object of class Map'],
    [{ choose: () => 1 }, '`configuration.choose` is a function'],
    [{ seed: 10n }, '`configuration.seed` is the bigint 10'],
    [{ kind: Symbol('kind') }, '`configuration.kind` is a symbol'],
    [circular, '`configuration.inner[0]` is something that it is itself a part of'],
    [
      JSON.parse('{"a": {"__proto__": {"b": 1}}}'),
      '`configuration.a.__proto__` has a name that objects lose',
    ],
    [['a'], '`configuration` must be an object of settings by their names'],
    ['a', '`configuration` must be an object of settings by their names'],
  ])(
    'is refused where JSON would change it, before anything is started (%#)',
    async (given: unknown, message) => {
      const store = await newFolder();
      const configuration = given as EvalOptions['configuration'];
      const options = { dataset, agent: fakeSolver, runtime: fakeBenchmarkRuntime(), store };
      const refused = (begin: () => unknown) => {
        expect(begin).toThrow(ConfigurationError);
        expect(begin).toThrow(message);
      };
      refused(() => runEval({ ...options, configuration }));
      await expect(pendingJobs({ ...options, configuration })).rejects.toThrow(message);
      expect(existsSync(store)).toBe(false);
      const [job] = await pendingJobs(options);
      const outcome = job && (await runSampleJob(job, { ...options, configuration }));
      expect(outcome).toMatchObject({ type: 'refused', reason: expect.stringContaining(message) });
    },
  );

  it.each([
    [{ agent: { ...fakeSolver, configuration: { until: new Date(0) } } }, '`agent.configuration.until`'],
    [{ scorer: { ...taskScorer(), configuration: { share: NaN } } }, '`scorer.configuration.share` is NaN'],
  ])('is refused so of an agent and of a scorer (%#)', (given: Given, message) => {
    const options = { dataset, agent: fakeSolver, runtime: fakeBenchmarkRuntime() };
    expect(() => runEval({ ...options, ...given })).toThrow(message);
  });

  it('is refused so of the scorer that a run is to be graded by, before its folder is looked for', async () => {
    const scorer = { ...taskScorer(), configuration: { share: 1n } };
    const options = { dataset, runtime: fakeBenchmarkRuntime(), scorer };
    const message = '`scorer.configuration.share` is the bigint 1';
    await expect(gradeRun('nowhere', options)).rejects.toThrow(message);
    const into = await newFolder();
    await expect(rescoreRun('nowhere', { ...options, into })).rejects.toThrow(message);
    expect(existsSync(into)).toBe(false);
  });

  it('is the same again with undefined properties, -0, and agents without bounds', async () => {
    const given: object = { none: undefined, zero: -0, deep: [{ none: undefined }] };
    const configuration = given as EvalOptions['configuration'];
    const agent = { agent: toolAgent({ model, maxTurns: Infinity, maxOutputBytes: Infinity }) };
    const options = { configuration, ...agent };
    expect(await refusal(options, options)).toBeUndefined();
    expect(await refusal(options, { ...agent, configuration: { zero: 0, deep: [{}] } })).toBeUndefined();
    const cli = { agent: cliAgent({ ...command, timeoutMs: Infinity }) };
    expect(await refusal(cli, cli)).toBeUndefined();
    const blocks = { agent: codeBlockAgent({ model, maxTurns: Infinity, maxOutputBytes: Infinity }) };
    expect(await refusal(blocks, blocks)).toBeUndefined();
  });
});

const agents = (first: EvalOptions['agent'], second: EvalOptions['agent']) => [
  { agent: first },
  { agent: second },
];

describe('what a run is about', () => {
  it.each([
    [
      'rounds of tests',
      [{ scorer: taskScorer() }, { scorer: taskScorer({ maxRounds: 1 }) }],
      /maxRounds was 3/,
    ],
    ['verdicts', [{}, { scorer: taskScorer({ parity: true }) }], /scorerConfiguration\.parity was false/],
    ['a k', [{ scorer: firstPlaces(1) }, { scorer: firstPlaces(5) }], /k was 1 and is 5/],
    [
      'an environment',
      [{ computers: { environment: { useWebProxy: true } } }, {}],
      /environment was "sha256:[0-9a-f]{64}" and is "default"/,
    ],
    [
      'a layout',
      [
        {},
        { computers: { layout: (root: string) => ({ ...officialLayout(root), runTests: () => 'make' }) } },
      ],
      /layout was "official" and is "sha256:/,
    ],
    ['a prompt', [{ prompt: () => 'Fix it.' }, { prompt: () => 'Fix it now.' }], /prompt was "sha256:/],
    ['commands', agents(scriptedAgent(['a']), scriptedAgent(['b'])), /agentConfiguration\.commands was/],
    [
      'instructions',
      agents(toolAgent({ model, instructions: 'Be quick.' }), toolAgent({ model, instructions: 'Be slow.' })),
      /agentConfiguration\.instructions was/,
    ],
    [
      'tools left out',
      agents(toolAgent({ model }), toolAgent({ model, withoutTools: ['edit'] })),
      /withoutTools/,
    ],
    [
      'tools',
      agents(toolAgent({ model, tools: [wordCount('a')] }), toolAgent({ model, tools: [wordCount('b')] })),
      /agentConfiguration\.tools\.count was/,
    ],
    [
      'output',
      agents(codeBlockAgent({ model }), codeBlockAgent({ model, maxOutputBytes: 9 })),
      /maxOutputBytes was/,
    ],
    [
      'a command',
      agents(cliAgent(command), cliAgent({ ...command, command: 'other' })),
      /command was "sha256:/,
    ],
    [
      'variables',
      agents(cliAgent(command), cliAgent({ ...command, environment: { MODE: 'fast' } })),
      /agentConfiguration\.environment was/,
    ],
  ])('is not the same with other %s', async (_, [first = {}, second = {}], message) => {
    expect(await refusal(first, second)).toMatch(message);
  });

  it('is the same with a default written out, tools in another order, other prices, or a new key', async () => {
    const keyed = (key: string) => cliAgent({ ...command, environment: { KEY: new Secret(key) } });
    expect(await refusal({}, { scorer: taskScorer({ maxRounds: 3 }) })).toBeUndefined();
    expect(await refusal({}, { computers: { layout: officialLayout } })).toBeUndefined();
    expect(
      await refusal(
        { agent: toolAgent({ model, withoutTools: ['edit', 'python'] }) },
        { agent: toolAgent({ model, withoutTools: ['python', 'edit'], maxTurns: 200, prices: () => 1 }) },
      ),
    ).toBeUndefined();
    expect(await refusal({ agent: keyed('sk-first-key') }, { agent: keyed('sk-other-key') })).toBeUndefined();
  });

  it('is told without a key, nor what could be guessed from', async () => {
    const store = await newFolder();
    const environment = { KEY: new Secret('sk-secret-key'), PLAIN: 'plain-value' };
    const agent = cliAgent({ name: 'program', command: 'program --key inline-value', environment });
    const computers = { environment: { extra: environment } };
    const runtime = fakeBenchmarkRuntime();
    await runEval({ dataset, agent, computers, runtime, store, signal: AbortSignal.abort() });
    expect(await readFile(join(store, 'run.json'), 'utf8')).not.toMatch(/sk-secret|plain-value|inline-value/);
  });

  it('is asked of whoever grades, scores again, or works on its jobs', async () => {
    const store = await newFolder();
    const into = await newFolder();
    const runtime = fakeBenchmarkRuntime();
    const strict = taskScorer({ maxRounds: 1 });
    await runEval({ dataset, agent: fakeSolver, runtime, store });
    await expect(gradeRun(store, { dataset, runtime, scorer: strict })).rejects.toThrow(
      /scorerConfiguration\.maxRounds was 3 and is 1.*rescoreRun/,
    );
    await gradeRun(store, { dataset, runtime });
    await rescoreRun(store, { into, dataset, runtime });
    await rescoreRun(store, { into, dataset, runtime });
    await expect(rescoreRun(store, { into, dataset, runtime, scorer: strict })).rejects.toThrow(/maxRounds/);
    await expect(rescoreRun(store, { into, dataset, runtime, scorer: icTestsScorer() })).rejects.toThrow(
      /scorer was task and is ic-tests/,
    );
    const options = { dataset, runtime, agent: fakeSolver };
    const [job] = await pendingJobs({ ...options, store: await newFolder() });
    if (job === undefined) throw new Error('There is no job.');
    expect(await runSampleJob(job, { ...options, scorer: strict })).toMatchObject({
      type: 'refused',
      reason: 'scorerConfiguration.maxRounds was 3 and is 1',
    });
  });

  it('takes no settings of the caller under names of its own, which would hide what they are', async () => {
    const options = { dataset, agent: fakeSolver, runtime: fakeBenchmarkRuntime(), store: await newFolder() };
    const hiding = { ...options, configuration: { limits: 'mine', scorerConfiguration: 1, model: 'a' } };
    const told =
      /`configuration\.limits` and `configuration\.scorerConfiguration` are settings that a run tells itself/;
    expect(() => runEval(hiding)).toThrow(told);
    expect(() => runEval(hiding)).toThrow(ConfigurationError);
    await expect(pendingJobs(hiding)).rejects.toThrow(told);
    await expect(runAblation({ base: hiding, factors: { userTool: [true, false] } })).rejects.toThrow(told);
    const [job] = await pendingJobs({ ...options, configuration: { model: 'a' } });
    expect(await runSampleJob(job!, hiding)).toMatchObject({
      type: 'refused',
      reason: expect.stringMatching(told),
    });
  });

  it('takes no setting under the name that an ablation gives its cells', async () => {
    const base = { dataset, agent: fakeSolver, runtime: fakeBenchmarkRuntime() };
    const factors = { userTool: [true, false] };
    const hidden = { ablation: 'mine' };
    await expect(runAblation({ base: { ...base, configuration: hidden }, factors })).rejects.toThrow(
      /`configuration\.ablation`.*name yours otherwise/,
    );
    const variants = { one: {}, two: { configuration: hidden } };
    await expect(runAblation({ base, variants })).rejects.toThrow(/`configuration\.ablation`/);
  });
});
