import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localRuntime } from '../../../src/computer/local/index.js';
import {
  type AgentFunction,
  ConfigurationError,
  Dataset,
  gradeTask,
  localizationFigures,
  localizationPrompt,
  localizationScorer,
  type LocalizationScorerOptions,
  noopAgent,
  runEval,
  runTask,
  type TaskResult,
  taskResultSchema,
} from '../../../src/index.js';
import {
  entryPoints,
  type MicroBenchmark,
  microBenchmark,
  microIc,
  microManager,
} from '../../fixtures/micro-benchmark.js';

let benchmark: MicroBenchmark;
beforeAll(() => {
  benchmark = microBenchmark();
});
afterAll(() => {
  benchmark[Symbol.dispose]();
});

const runtime = () =>
  localRuntime({ template: benchmark.template, command: ['sh', '-c', entryPoints.ready] });

const answering =
  (text: string): AgentFunction =>
  async ({ computer, answerFile = '' }) => {
    await computer.upload(Buffer.from(text), answerFile);
  };

async function locate(
  agent: AgentFunction | ReturnType<typeof noopAgent>,
  options: LocalizationScorerOptions = {},
): Promise<TaskResult> {
  const result = await runTask({
    task: microIc,
    runtime: runtime(),
    computers: { layout: benchmark.layout },
    agent,
    scorer: localizationScorer(options),
    prompt: localizationPrompt,
  });
  expect(taskResultSchema.parse(JSON.parse(JSON.stringify(result)))).toBeTruthy();
  return result;
}

describe('localization', () => {
  it('asks for a list in a file and pays for a right first place, without a build or a test', async () => {
    let asked = '';
    const result = await locate(async (context) => {
      asked = context.prompt.text;
      expect(context.prompt.text).toContain(context.answerFile);
      await answering(`${context.workingDirectory}/total.txt\nbuild.sh\n`)(context);
    });
    expect(asked).toContain(microIc.title);
    expect(result).toMatchObject({
      status: 'scored',
      scorer: 'localization',
      promptVersion: 'localization/1',
      outcome: 'correct',
      earned: 500,
      tries: [],
      scoreMetadata: { localization: { files: { gold: 1, named: 2, ranks: [1] } } },
    });
    expect(result.patch).toBeUndefined();
    expect(result.answer).toContain('build.sh');
    expect(localizationFigures().compute([result]).files.meanReciprocalRank).toBe(1);
  });

  it('takes absolute paths in the repository of a layout of your own', async () => {
    const agent = answering('/workspace/app/total.txt\n');
    expect(await locate(agent)).toMatchObject({ outcome: 'wrong' });
    expect(await locate(agent, { repository: '/workspace/app' })).toMatchObject({ outcome: 'correct' });
  });

  it('pays a later place only where that many count', async () => {
    const agent = answering('build.sh\ntotal.txt\n');
    expect(await locate(agent)).toMatchObject({ outcome: 'wrong', earned: 0 });
    expect(await locate(agent, { k: 2 })).toMatchObject({
      outcome: 'correct',
      earned: 500,
      scoreMetadata: { localization: { files: { ranks: [2] } } },
    });
  });

  it('counts a file once, at its first place', async () => {
    const answer = 'build.sh:one\nbuild.sh:two\ntotal.txt:three\ntotal.txt\n';
    expect(await locate(answering(answer))).toMatchObject({
      scoreMetadata: {
        localization: {
          files: { gold: 1, named: 2, ranks: [2] },
          functions: { gold: 0, named: 3, ranks: [] },
        },
      },
    });
  });

  it('tells no answer from one that names nothing', async () => {
    expect(await locate(noopAgent())).toMatchObject({ status: 'scored', outcome: 'no_answer', earned: 0 });
    expect(await locate(answering('I do not know.'))).toMatchObject({ outcome: 'malformed', earned: 0 });
  });

  it('pays nobody for the fix itself', async () => {
    const fixing: AgentFunction = async ({ computer, workingDirectory }) => {
      await computer.checkShellCommand('echo exact > total.txt', { cwd: workingDirectory });
    };
    expect(await locate(fixing)).toMatchObject({ outcome: 'no_answer', earned: 0 });
  });

  it('scores a list that was saved', async () => {
    const saved = await locate(answering('total.txt'));
    const grading = {
      task: microIc,
      runtime: runtime(),
      computers: { layout: benchmark.layout },
      scorer: localizationScorer(),
    };
    expect(await gradeTask({ ...grading, answer: 'total.txt' })).toMatchObject({ outcome: 'correct' });
    expect(await gradeTask({ ...grading, saved })).toMatchObject({ outcome: 'correct', earned: 500 });
  });

  it('refuses a task with nothing to find before anything is started', async () => {
    const options = { runtime: runtime(), agent: noopAgent(), scorer: localizationScorer() };
    await expect(runTask({ ...options, task: microManager(benchmark) })).rejects.toThrow(ConfigurationError);
    await expect(runTask({ ...options, task: { ...microIc, secrets: {} } })).rejects.toThrow(
      /no files to find/,
    );
    const functions = localizationScorer({ level: 'functions' });
    await expect(runTask({ ...options, scorer: functions, task: microIc })).rejects.toThrow(
      /no functions to find/,
    );
    const dataset = Dataset.fromTasks([microIc, microManager(benchmark)]);
    expect(() => runEval({ ...options, dataset })).toThrow(ConfigurationError);
    expect(() => localizationScorer({ k: 0 })).toThrow(ConfigurationError);
  });
});
