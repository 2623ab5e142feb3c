import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localRuntime } from '../../../src/computer/local/index.js';
import {
  type ArtifactCaps,
  artifactFolder,
  ConfigurationError,
  Dataset,
  type EventOf,
  type GradingMode,
  mergeOutcomes,
  noopAgent,
  pendingJobs,
  type RoundArtifact,
  RunEvents,
  runEval,
  runSampleJob,
  runTask,
  StoredRun,
  taskScorer,
} from '../../../src/index.js';
import { unmatchedStarts } from '../../fixtures/event-checks.js';
import { entryPoints, type MicroBenchmark, microBenchmark, microIc } from '../../fixtures/micro-benchmark.js';

/** One pixel, in base64. */
const picture =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe('what the tests of an attempt leave to be looked at', () => {
  let benchmark: MicroBenchmark;
  let store: string;
  beforeEach(() => {
    benchmark = microBenchmark();
    store = mkdtempSync(join(tmpdir(), 'swelancer-artifacts-'));
  });
  afterEach(() => {
    benchmark[Symbol.dispose]();
    rmSync(store, { recursive: true, force: true });
  });

  /** Tests that leave files beside their result. `$f` is the folder of recordings, `$n` the round. */
  const leaving = (script: string) => ({
    runtime: localRuntime({ template: benchmark.template, command: ['sh', '-c', entryPoints.ready] }),
    computers: {
      layout: (root: string) => {
        const layout = benchmark.layout(root);
        return {
          ...layout,
          runTests: (taskId: string) =>
            [
              layout.runTests(taskId),
              'code=$?',
              `f=${layout.testArtifacts?.(taskId)['recording'] ?? ''}`,
              `n=$(cat ${root}/tmp/rounds 2>/dev/null || echo 0); n=$((n + 1)); echo $n > ${root}/tmp/rounds`,
              'mkdir -p "$f"',
              script,
              'exit $code',
            ].join('\n'),
        };
      },
    },
  });
  const evaluate = async (script: string, keepArtifacts?: boolean | ArtifactCaps) => {
    const events = new RunEvents();
    const collected: EventOf<'artifacts.collected'>[] = [];
    events.on('artifacts.collected', (event) => collected.push(event));
    await runEval({
      dataset: Dataset.fromTasks([microIc]),
      agent: noopAgent(),
      scorer: taskScorer({ maxRounds: 2 }),
      ...leaving(script),
      store,
      keepArtifacts,
      events,
    });
    const run = await StoredRun.open(store);
    const [record] = await run.records();
    return { kept: await run.artifacts(record!), collected, record: record! };
  };
  const png = `echo ${picture} | base64 -d`;

  it('is not kept unless somebody asks for it', async () => {
    const { kept, collected } = await evaluate(`${png} > $f/last.png`);
    expect([kept, collected]).toEqual([[], []]);
  });

  it('is kept for each round, as it was, and told', async () => {
    const { kept, collected, record } = await evaluate(
      `${png} > $f/last.png; [ $n = 1 ] && echo first > $f/only-first.txt; mkdir $f/deep; echo $n > $f/deep/n.log`,
      true,
    );
    expect(record).toMatchObject({ outcome: 'tests_failed' });
    expect(kept.map(({ name }) => name)).toEqual([
      'round-1/recording/deep/n.log',
      'round-1/recording/last.png',
      'round-1/recording/only-first.txt',
      'round-2/recording/deep/n.log',
      'round-2/recording/last.png',
    ]);
    expect(await readFile(kept[1]!.path, 'base64')).toBe(picture);
    expect(await readFile(kept[3]!.path, 'utf8')).toBe('2\n');
    expect(collected).toMatchObject([
      { try: 1, phase: 'grade', leftOut: 0, files: [{ name: 'round-1/recording/last.png' }, {}, {}] },
      { try: 2, leftOut: 0 },
    ]);
  });

  it('is kept up to its caps, pictures first', async () => {
    const bytes = Buffer.from(picture, 'base64').length;
    const files = `echo a > $f/a.log; ${png} > $f/b.png; head -c 5000 /dev/zero > $f/big.png; echo v > $f/c.mp4`;
    const first = await evaluate(files, { maxFiles: 2, maxFileBytes: 4_000 });
    expect(first.kept.map(({ name }) => name)).toEqual([
      'round-1/recording/b.png',
      'round-1/recording/c.mp4',
    ]);
    expect(first.collected.map(({ leftOut }) => leftOut)).toEqual([2, 4]);
    rmSync(store, { recursive: true });
    const second = await evaluate(files, { maxBytes: bytes + 3 });
    expect(second.kept.map(({ name }) => name)).toEqual([
      'round-1/recording/b.png',
      'round-1/recording/c.mp4',
    ]);
  });

  it('is nothing that leads elsewhere, or has a strange name', async () => {
    const { kept } = await evaluate(
      [
        'ln -s /etc/hostname $f/link.png',
        'ln -s /etc $f/folder',
        'mkfifo $f/pipe.png',
        'mkdir "$f/.." 2>/dev/null',
        'echo x > "$f/.hidden"',
        'printf x > "$f/two\nlines.png"',
        'printf x > "$f/back\\\\slash.png"',
        'echo x > $f/plain.txt',
      ].join('\n'),
      true,
    );
    expect(new Set(kept.map(({ name }) => name.replace(/^round-\d/, 'round')))).toEqual(
      new Set(['round/recording/plain.txt']),
    );
  });

  it.each<GradingMode>(['fresh', 'in-place'])('is handed over by a single task too (%s)', async (grading) => {
    const events: Parameters<typeof unmatchedStarts>[0][number][] = [];
    const kept: RoundArtifact[] = [];
    await runTask({
      task: microIc,
      agent: noopAgent(),
      grading,
      scorer: taskScorer({ maxRounds: 1 }),
      ...leaving(`${png} > $f/last.png`),
      artifacts: { keep: async (file) => void kept.push(file) },
      events: (event) => events.push(event),
    });
    expect(kept.map(({ name }) => name)).toEqual(['round-1/recording/last.png']);
    expect(unmatchedStarts(events)).toEqual([]);
  });

  it('goes from a worker over the shared disk, and has no other way', async () => {
    const options = {
      dataset: Dataset.fromTasks([microIc]),
      agent: noopAgent(),
      scorer: taskScorer({ maxRounds: 1 }),
      ...leaving(`${png} > $f/last.png`),
      store,
      keepArtifacts: true,
    };
    const [job] = await pendingJobs(options);
    expect(await runSampleJob(job!, options)).toMatchObject({
      type: 'refused',
      reason: expect.stringContaining('`keepArtifacts` needs a `sharedStore`'),
    });
    const outcome = await runSampleJob(job!, { ...options, sharedStore: store });
    expect(await mergeOutcomes([outcome], options)).toMatchObject({ finished: 1 });
    const run = await StoredRun.open(store);
    const [record] = await run.records();
    expect((await run.artifacts(record!)).map(({ name }) => name)).toEqual(['round-1/recording/last.png']);
  });

  it('changes no verdict where it cannot be kept', async () => {
    const file = join(store, 'file');
    writeFileSync(file, '');
    const failures: EventOf<'artifacts.failed'>[] = [];
    const events = new RunEvents();
    events.on('artifacts.failed', (event) => failures.push(event));
    const result = await runTask({
      task: microIc,
      agent: noopAgent(),
      scorer: taskScorer({ maxRounds: 1 }),
      ...leaving(`${png} > $f/last.png`),
      artifacts: { keep: artifactFolder(file) },
      events,
    });
    expect(result).toMatchObject({ status: 'scored', outcome: 'tests_failed' });
    expect(failures).toMatchObject([{ try: 1, error: { message: expect.stringContaining(file) } }]);
  });

  it('needs a store', () => {
    const options = { dataset: Dataset.fromTasks([microIc]), agent: noopAgent(), ...leaving('') };
    expect(() => runEval({ ...options, keepArtifacts: true })).toThrow(ConfigurationError);
  });
});
