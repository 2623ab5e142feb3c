import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rescoreRun, runEval, runSummarySchema, StoredRun } from '../../../src/index.js';
import { writeReport } from '../../../src/report/index.js';
import { writeInspectLog } from '../../../src/report/inspect/index.js';
import { fakeBenchmarkRuntime, fakeSolver, fakeTasks } from '../../fixtures/fake-benchmark.js';
import { isMissing } from '../../fixtures/system-need.js';
import { zipMembers } from '../../fixtures/zip-members.js';
import { writeSyntheticRun } from './synthetic-run.js';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'swelancer-report-'));
  await writeSyntheticRun(join(root, 'run'), { tasks: 12, epochs: 2, unfinished: 1 });
  await writeSyntheticRun(join(root, 'base'), { tasks: 12, epochs: 2, seed: 2 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function inspectHeader(run: string): Promise<{ readonly eval: Readonly<Record<string, unknown>> }> {
  const file = join(root, 'log.eval');
  await writeInspectLog(run, file);
  const { members } = zipMembers(await readFile(file));
  const text = members.find(({ name }) => name === 'header.json')?.text ?? '';
  // A type of what is looked at.
  return JSON.parse(text) as Awaited<ReturnType<typeof inspectHeader>>;
}

describe('writing a report', () => {
  it('puts all files into the folder of the run, and nothing beside them', async () => {
    const before = await readdir(join(root, 'run'));
    const files = await writeReport(join(root, 'run'));
    const added = (await readdir(join(root, 'run'))).filter((name) => !before.includes(name));
    expect(added.sort()).toEqual(['plots', 'report.html', 'results.csv', 'summary.json', 'summary.md']);
    expect((await readdir(join(root, 'run', 'plots'))).sort()).toEqual([
      'cost-against-earnings.svg',
      'earnings-curve.svg',
      'outcome-by-price-band.svg',
      'outcome-by-variant.svg',
    ]);
    expect(files.html).toBe(join(root, 'run', 'report.html'));
  });

  it('tells the same in all of them', async () => {
    const { csv, summary, markdown, html } = await writeReport(await StoredRun.open(join(root, 'run')));
    const rows: Record<string, string>[] = parse(await readFile(csv), { columns: true });
    const { overall } = runSummarySchema.parse(JSON.parse(await readFile(summary, 'utf8')));
    expect(rows).toHaveLength(22);
    expect(overall.samples).toBe(22);
    expect(rows.filter(({ correct }) => correct === 'True')).toHaveLength(overall.correct);
    expect(rows.reduce((sum, { earned }) => sum + Number(earned), 0)).toBe(overall.earned);
    const money = `$${overall.earned.toLocaleString('en-US')}`;
    expect(await readFile(markdown, 'utf8')).toContain(`**Earned ${money}**`);
    expect(await readFile(html, 'utf8')).toContain(`<p class="value">${money}</p>`);
  });

  it('compares with a base, in a folder of its own', async () => {
    const files = await writeReport(join(root, 'run'), {
      into: join(root, 'elsewhere'),
      base: join(root, 'base'),
    });
    expect(await readFile(files.markdown, 'utf8')).toContain('**Against gpt-4o with tools on Diamond**');
    expect(await readFile(files.html, 'utf8')).toContain('Against gpt-4o with tools on Diamond</h2>');
    expect(JSON.parse(await readFile(files.summary, 'utf8'))).toMatchObject({
      base: { comparison: { tasks: 11 } },
    });
  });

  it('says from which run the work is that was scored again', async () => {
    const [store, into] = [join(root, 'first'), join(root, 'again')];
    const options = { dataset: fakeTasks(2), runtime: fakeBenchmarkRuntime() };
    const { runId } = await runEval({ ...options, agent: fakeSolver, store, name: 'The first' });
    await rescoreRun(store, { ...options, into });
    const files = await writeReport(into);
    expect(await readFile(files.html, 'utf8')).toContain(`from the work of The first, run ${runId}, which`);
    expect(await readFile(files.markdown, 'utf8')).toContain(`the work of run \`${runId}\` again`);
    expect(JSON.parse(await readFile(files.summary, 'utf8'))).toMatchObject({
      run: { name: 'The first, scored again', rescoredFrom: { runId, scorer: 'task' } },
    });
    const headers = [(await inspectHeader(store)).eval, (await inspectHeader(into)).eval];
    expect(headers).toMatchObject([{}, { metadata: { rescored_from: { runId } } }]);
    const names = ['eval_id', 'run_id', 'task_id', 'task_display_name', 'created'] as const;
    for (const name of names) expect(headers[0]?.[name]).not.toBe(headers[1]?.[name]);
  });

  it('draws a sample once that was taken up again after an error, where it ended', async () => {
    const store = join(root, 'rerun');
    let broken = true;
    const options = {
      dataset: fakeTasks(4),
      runtime: fakeBenchmarkRuntime({
        on: ({ taskId, label }) =>
          broken && taskId !== '0_1' && label === 'start' ? new Error('It is broken.') : undefined,
      }),
      agent: fakeSolver,
      store,
      retries: { attempts: 0 },
    };
    await runEval(options);
    broken = false;
    await runEval({ ...options, rerunErrors: true });
    const { plots } = await writeReport(store);
    const curve = await readFile(plots.find((path) => path.includes('earnings')) ?? '', 'utf8');
    expect(curve).toContain('After 4 samples $1,000 of $1,000 were earned, 100%.');
  });

  it('replaces an older report', async () => {
    const { csv } = await writeReport(join(root, 'run'));
    await writeFile(csv, 'old');
    await writeReport(join(root, 'run'));
    expect(await readFile(csv, 'utf8')).toMatch(/^question_id,/);
  });

  it('writes one for a run that has no results yet', async () => {
    await writeSyntheticRun(join(root, 'new'), { tasks: 2, epochs: 1, unfinished: 2 });
    const { html, markdown } = await writeReport(join(root, 'new'));
    expect(await readFile(html, 'utf8')).toContain('No result');
    expect(await readFile(markdown, 'utf8')).toContain('0 of 2 samples finished');
  });

  it('survives a result and a transcript that cannot be read', async () => {
    await writeSyntheticRun(join(root, 'damaged'), { tasks: 1, epochs: 1 });
    const attempt = join(root, 'damaged', 'attempts', '15000_100', 'epoch-1', 'attempt-1');
    await writeFile(join(attempt, 'result.json'), '{');
    await rm(join(attempt, 'transcript.jsonl'));
    await mkdir(join(attempt, 'transcript.jsonl'));
    const { html } = await writeReport(join(root, 'damaged'));
    expect(await readFile(html, 'utf8')).toContain('id="attempt-0-0"');
  });

  it('stops when it is cancelled, and leaves no half of a page', async () => {
    const into = join(root, 'cancelled');
    await expect(writeReport(join(root, 'run'), { into, signal: AbortSignal.abort() })).rejects.toThrow();
    expect(await readdir(into)).not.toContain('report.html');
  });

  it('refuses options that are none', async () => {
    const mistaken = { labls: new Map(), limits: { mediaByte: 1 } };
    await expect(writeReport(join(root, 'run'), mistaken as object)).rejects.toThrow(
      /`labls` .*`labels`.*`limits\.mediaByte` .*`limits\.mediaBytes`/,
    );
  });

  it('refuses a folder that holds no run', async () => {
    await expect(writeReport(join(root, 'nothing'))).rejects.toMatchObject({
      code: expect.any(String),
      message: expect.stringContaining('no run'),
    });
  });
});

const bundle = new URL('../../../dist/report.js', import.meta.url);
const built = !isMissing(!existsSync(bundle), 'Run `npm run build` first.');

describe.skipIf(!built)(`the built report${built ? '' : ' [skipped: run npm run build first]'}`, () => {
  it('finds its script and its style beside the bundle', async () => {
    const { writeReport: writeBuiltReport } = (await import(bundle.href)) as {
      writeReport: typeof writeReport;
    };
    const into = join(root, 'built');
    const { html } = await writeBuiltReport(join(root, 'run'), { into });
    const fromSources = await writeReport(join(root, 'run'), { into: join(root, 'sources') });
    const scriptOf = async (path: string) =>
      /<script>[^]*?<\/script>/.exec(await readFile(path, 'utf8'))?.[0];
    expect(await scriptOf(html)).toBe(await scriptOf(fromSources.html));
  });
});
