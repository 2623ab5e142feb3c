import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  costSummary,
  Dataset,
  flakes,
  managerBaselines,
  type ResultRecord,
  runSummary,
  runSummarySchema,
} from '../../../src/index.js';
import { cancelled, epochs, failed, scored } from '../../fixtures/results.js';
import { icTask, managerTask } from '../../fixtures/tasks.js';

const cost = (costDollars: number | undefined) => ({ usage: { costDollars } });
const round = (exitCode: number | null) => ({ exitCode, durationMs: 1 });

describe('cost', () => {
  const results = [
    scored('1', true, { available: 50, ...cost(0.0004) }),
    scored('2', false, cost(2)),
    scored('3', true, { available: 250, ...cost(0.0003) }),
  ];

  it('is set against what was earned', () => {
    expect(costSummary(results)).toEqual({
      attempts: 3,
      unfinishedAttempts: 0,
      attemptsOfUnknownCost: 0,
      knownCost: 2.0007,
      unfinishedCost: 0,
      cost: 2.0007,
      net: 297.9993,
      costPerEarnedDollar: 2.0007 / 300,
      costPerCorrect: 2.0007 / 2,
      usage: {},
    });
  });

  it('holds what is known of attempts without a result', () => {
    const spending = { usage: { inputTokens: 7, turns: 2, costDollars: 1 } };
    const atWork = { usage: {} };
    const notBegun = { usage: undefined };
    const results = [scored('1', true, { usage: { inputTokens: 3, costDollars: 2 } })];
    expect(costSummary(results, results, [spending, notBegun])).toMatchObject({
      attempts: 3,
      unfinishedAttempts: 2,
      attemptsOfUnknownCost: 0,
      unfinishedCost: 1,
      cost: 3,
      net: 497,
      usage: { inputTokens: 10, turns: 2 },
    });
    expect(costSummary(results, results, [spending, atWork])).toMatchObject({
      attemptsOfUnknownCost: 1,
      knownCost: 3,
      cost: undefined,
    });
  });

  it('holds what was spent on attempts that faults ended', () => {
    expect(costSummary(results, [...results, failed('3', cost(1))])).toMatchObject({
      attempts: 4,
      cost: 3.0007,
      net: 296.9993,
    });
  });

  it('is paid once for work that was graded again', () => {
    const lost = failed('1', cost(2));
    const regraded = scored('1', true, { attempt: 2, workOf: 1, ...cost(2) });
    expect(costSummary([regraded], [lost, regraded])).toMatchObject({ attempts: 1, cost: 2, net: 498 });
    expect(costSummary([regraded])).toMatchObject({ attempts: 1, cost: 2 });
    // The same attempt number in another epoch is other work.
    expect(costSummary([regraded], [failed('1', { epoch: 2, ...cost(2) }), regraded])).toMatchObject({
      cost: 4,
    });
  });

  it('holds what died with processes that others took over from', () => {
    const known = {
      usage: { inputTokens: 5, costDollars: 1 },
      lostUsage: { inputTokens: 3, costDollars: 2 },
    };
    const unknown = { usage: { costDollars: 1 }, lostUsage: {} };
    expect(costSummary([scored('1', true, known)])).toMatchObject({ cost: 3, usage: { inputTokens: 8 } });
    expect(costSummary([scored('1', true, known), scored('2', true, unknown)])).toMatchObject({
      attempts: 2,
      attemptsOfUnknownCost: 1,
      knownCost: 4,
      cost: undefined,
    });
  });

  it('is unknown, and so is the net, as soon as one attempt does not know its own', () => {
    expect(costSummary([...results, scored('4', true, cost(undefined))])).toMatchObject({
      attemptsOfUnknownCost: 1,
      knownCost: 2.0007,
      cost: undefined,
      net: undefined,
      costPerEarnedDollar: undefined,
    });
  });

  it('has no price per earned dollar where none was earned', () => {
    expect(costSummary([scored('1', false, cost(1))])).toMatchObject({
      net: -1,
      costPerEarnedDollar: undefined,
      costPerCorrect: undefined,
    });
  });
});

describe('the baselines of manager tasks', () => {
  const choices = [
    managerTask({ id: '1-manager-0', price: 1000 }), // ids 0 and 3, the last is right
    managerTask({
      id: '2-manager-0',
      price: 500,
      proposalIds: [1, 2, 4, 8],
      secrets: { correctProposalId: 1, fixCommit: 'c0ffee'.padEnd(40, '0') },
    }),
  ];
  const manager = (id: string, passed: boolean, available: number) =>
    scored(id, passed, { variant: 'swe_manager', available });

  it('stand next to the score on the same samples', () => {
    const results = [
      manager('1-manager-0', true, 1000),
      manager('2-manager-0', false, 500),
      manager('3-manager-0', true, 250),
      scored('4', true),
    ];
    expect(managerBaselines(choices).compute(results)).toEqual({
      samples: 2,
      score: { accuracy: 0.5, earned: 1000 },
      uniformGuess: { accuracy: (1 / 2 + 1 / 4) / 2, earned: 625 },
      alwaysFirst: { accuracy: 0.5, earned: 500 },
      alwaysLast: { accuracy: 0.5, earned: 1000 },
      unknownTasks: ['3-manager-0'],
    });
  });

  it('are undefined where no manager task was scored or known', () => {
    expect(managerBaselines(choices).compute([scored('1', true)])).toBeUndefined();
    expect(managerBaselines([]).compute([manager('1-manager-0', true, 1000)])).toBeUndefined();
  });

  const lite = '../shared/data/swelancer_tasks_lite.csv';
  it.skipIf(!existsSync(lite))('are the known ones on the published lite file', async () => {
    const dataset = (await Dataset.fromCsv(lite)).variant('swe_manager');
    const results = [...dataset].map((task) => manager(task.id, true, task.price));
    const baselines = managerBaselines(dataset).compute(results);
    // Counted by another program: 24.8 % ($55,035), 33.6 % ($39,000) and 26.5 % of 113 tasks.
    expect(baselines).toMatchObject({
      samples: 113,
      score: { accuracy: 1, earned: 202_000 },
      alwaysFirst: { accuracy: 38 / 113, earned: 39_000 },
    });
    expect(baselines?.uniformGuess.accuracy).toBeCloseTo(0.248, 3);
    expect(baselines?.uniformGuess.earned).toBeCloseTo(55_035, -1);
    expect(baselines?.alwaysLast.accuracy).toBeCloseTo(0.265, 3);
  });
});

describe('the flake report', () => {
  const patch = (sha256: string) => ({ patch: { sha256, bytes: 10, files: ['a'] } });

  it('names tests that failed and passed on one patch', () => {
    const report = flakes.compute([
      scored('1', true, { tries: [round(1), round(0)] }),
      scored('2', false, { tries: [round(1), round(1), round(1)] }),
      scored('3', true, { tries: [round(null), round(0)] }),
      scored('4', true, { tries: [round(0)] }),
      scored('5', false, { tries: [round(1), round(2)] }),
    ]);
    expect(report.samplesWithSeveralTries).toBe(3);
    expect(report.mixedTries).toEqual([{ taskId: '1', epoch: 1, attempt: 1, exitCodes: [1, 0] }]);
  });

  it('names one patch judged both ways, and tasks that only some epochs solved', () => {
    const report = flakes.compute([
      scored('1', true, { ...patch('a'), epoch: 1 }),
      scored('1', false, { ...patch('a'), epoch: 2 }),
      scored('1', false, { ...patch('b'), epoch: 3 }),
      scored('2', true, patch('a')),
      scored('3', false, patch('a')),
    ]);
    expect(report.samePatch).toEqual([{ taskId: '1', sha256: 'a', passed: 1, failed: 1 }]);
    expect(report.mixedEpochs).toEqual([{ taskId: '1', passed: 1, failed: 2 }]);
  });

  it('names samples that took more than one attempt, and why', () => {
    const report = flakes.compute([
      failed('1', { epoch: 2 }),
      scored('1', true, { epoch: 2, attempt: 2 }),
      scored('1', true, { epoch: 1 }),
      scored('2', true, { attempt: 3 }),
    ]);
    expect(report.retried).toEqual([
      { taskId: '1', epoch: 2, attempts: 2, codes: ['computer_lost'] },
      { taskId: '2', epoch: 1, attempts: 3, codes: [] },
    ]);
  });
});

describe('the summary of a run', () => {
  const results: ResultRecord[] = [
    ...epochs('1', '01', { available: 250, usage: { inputTokens: 100, turns: 3 }, durationMs: 60_000 }),
    ...epochs('2', '11', { available: 1000, phases: { solve: 5, grade: 7 }, endedByLimit: 'turns' }),
    scored('3-manager-0', false, { variant: 'swe_manager', outcome: 'wrong', available: 4000 }),
    failed('4'),
    cancelled('5'),
  ];
  const tasks = [icTask({ id: '1' }), managerTask({ id: '3-manager-0' }), icTask({ id: '9' })];
  const labels = new Map([
    ['1', { category: 'UI/UX', kind: 'Bug fix' }],
    ['2', { category: 'Server side' }],
  ]);
  const summary = runSummary(results, { tasks, labels, seed: 5 });

  it('is plain JSON that its schema accepts and gives back', () => {
    const json: unknown = JSON.parse(JSON.stringify(summary));
    expect(runSummarySchema.parse(json)).toEqual(json);
    expect(runSummarySchema.parse(JSON.parse(JSON.stringify(runSummary([]))))).toMatchObject({ epochs: 0 });
  });

  it('is the same again from the same results and seed, whatever order they come in', () => {
    const text = JSON.stringify(summary);
    expect(JSON.stringify(runSummary(results.toReversed(), { tasks, labels, seed: 5 }))).toBe(text);
  });

  it('takes any name for a label, and nothing for one that a task does not have', () => {
    const odd = new Map<string, Record<string, string>>([
      ['1', { constructor: 'A', toString: 'B' }],
      ['2', { kind: 'C' }],
    ]);
    const { byLabel } = runSummary([scored('1', true), scored('2', true)], { labels: odd });
    expect(Object.entries(byLabel).map(([name, groups]) => [name, Object.keys(groups)])).toEqual([
      ['constructor', ['A', 'unlabelled']],
      ['toString', ['B', 'unlabelled']],
      ['kind', ['unlabelled', 'C']],
    ]);
  });

  it('says how many ended how, with infrastructure failures apart', () => {
    expect(summary.overall).toMatchObject({
      tasks: 5,
      samples: 7,
      correct: 3,
      incorrect: 2,
      errors: 1,
      cancelled: 1,
      accuracy: 3 / 5,
      accuracyOverAll: 3 / 7,
      earned: 2250,
      available: 7500,
    });
    expect(summary.outcomes).toEqual({ tests_failed: 1, passed: 3, wrong: 1 });
    expect(summary.faults).toEqual({ attempts: 1, byCode: { computer_lost: 1 }, byPhase: { solve: 1 } });
    expect(summary.limits).toEqual({ turns: 2 });
    const expected = [...results, { taskId: '9', epoch: 1 }, { taskId: '1', epoch: 9 }];
    expect(summary.missing).toEqual([]);
    expect(runSummary(results, { expected }).missing).toEqual([
      { taskId: '9', epoch: 1 },
      { taskId: '1', epoch: 9 },
    ]);
  });

  it('breaks the headline down by variant, price band and every label', () => {
    expect(summary.byVariant['swe_manager']).toMatchObject({ samples: 1, accuracy: 0 });
    expect(Object.keys(summary.byPriceBand)).toEqual(['$0-$299', '$300-$999', '$1000-$3999', '$4000-$9999']);
    expect(summary.byLabel['category']?.['UI/UX']).toMatchObject({ samples: 2, earned: 250 });
    expect(summary.byLabel['category']?.['unlabelled']).toMatchObject({ samples: 3 });
    expect(summary.byLabel['kind']?.['unlabelled']).toMatchObject({ samples: 5 });
  });

  it('has percentiles of what is known and counts what is not', () => {
    expect(summary.tokens.input).toMatchObject({ known: 2, unknown: 5, total: 200 });
    expect(summary.durations.phases['grade']).toMatchObject({ known: 2, p50: 7 });
    expect(summary.lengths.turns).toMatchObject({ p99: 3 });
    expect(summary.passAtK.map(({ k, tasks: counted }) => [k, counted])).toEqual([
      [1, 3],
      [2, 2],
    ]);
    expect(summary.managerBaselines).toMatchObject({ samples: 1, score: { earned: 0 } });
  });

  it('counts attempts that faults ended where it is given them', () => {
    const attempts = [failed('1', cost(3)), ...results];
    const all = runSummary(results, { attempts });
    expect(all.faults.attempts).toBe(2);
    expect(all.cost).toMatchObject({ attempts: 8, knownCost: 3 });
    const worked = { ...failed('2'), phases: { start: 5, solve: 5 } };
    const cheap = { ...failed('1'), phases: { start: 5 } };
    const unknown = runSummary([failed('2')], { attempts: [worked, cheap] }).cost;
    expect(unknown, 'a fault before the agent costs nothing').toMatchObject({
      attempts: 2,
      attemptsOfUnknownCost: 1,
    });
    expect(all.overall).toEqual(runSummary(results).overall);
  });
});
