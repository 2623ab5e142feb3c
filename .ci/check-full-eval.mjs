// Checks what examples/full-eval.ts has left: that the first run was killed half-way and went on without doing anything
// twice that was finished, and that every file is there and holds the whole run. Takes the folder of the runs.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2] ?? 'runs/full-eval';
const problems = [];
const expect = (fact, problem) => {
  if (!fact) problems.push(problem);
};

for (const model of ['careful', 'hasty']) {
  const path = join(folder, model);
  const { dataset, epochs } = JSON.parse(readFileSync(join(path, 'run.json'), 'utf8'));
  const samples = dataset.tasks.length * epochs;
  const sessions = readSessions(join(path, 'journal.jsonl'));
  const wanted = model === 'careful' ? 2 : 1;
  expect(sessions.length === wanted, `${model} has ${sessions.length} sessions, not ${wanted}`);
  if (model === 'careful') checkKill(sessions, samples);
  const ends = sessions.flatMap(({ finished }) => finished);
  expect(ends.length === samples, `${model} has ${ends.length} finished samples of ${samples}`);
  expect(new Set(ends).size === ends.length, `${model} has samples that were finished twice`);
  expect(sessions.at(-1)?.outcome === 'completed', `${model} was not completed`);
  checkFiles(path, model, samples);
}

if (problems.length > 0) {
  console.error(`examples/full-eval.ts did not keep its promises:\n- ${problems.join('\n- ')}`);
  process.exit(1);
}
console.log(
  'Killed half-way, continued, nothing done twice; report, CSV, Markdown, SVG and Inspect log are there.',
);

/** What each process that worked in the folder has begun and finished, as its journal tells. */
function readSessions(path) {
  const sessions = [];
  for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) {
    let record;
    try {
      ({ record } = JSON.parse(line));
    } catch {
      // The line that was being written when the process was killed.
      continue;
    }
    if (record.type === 'session.started') sessions.push({ started: [], finished: [], outcome: undefined });
    const session = sessions.at(-1);
    const sample = `${record.taskId} ${record.epoch}`;
    if (record.type === 'attempt.started') session.started.push(sample);
    if (record.type === 'attempt.finished' && record.final) session.finished.push(sample);
    if (record.type === 'session.ended') session.outcome = record.outcome;
  }
  return sessions;
}

function checkKill([first, second], samples) {
  const done = first?.finished.length ?? 0;
  expect(first?.outcome === undefined, 'the first process came to its end: it was not killed');
  expect(
    done > 0 && done < samples,
    `${done} of ${samples} samples were finished before the kill: not half-way`,
  );
  const again = (second?.started ?? []).filter((sample) => first.finished.includes(sample));
  expect(again.length === 0, `done again after the kill although they were finished: ${again.join(', ')}`);
  expect((second?.finished.length ?? 0) > 0, 'nothing was left to be done after the kill');
}

function checkFiles(path, model, samples) {
  const has = (name, isWhole) => {
    let content;
    try {
      content = readFileSync(join(path, name));
    } catch {
      problems.push(`${model} has no ${name}`);
      return;
    }
    expect(isWhole(content, content.toString('utf8')), `${model} has a ${name} that is not whole`);
  };
  has('report.html', (_, text) => text.startsWith('<!doctype html>') && text.endsWith('</html>\n'));
  has(
    'results.csv',
    (_, text) => text.startsWith('question_id,') && text.trimEnd().split('\n').length > samples,
  );
  has('summary.md', (_, text) => text.includes('**Earned $'));
  has('summary.json', (_, text) => JSON.parse(text).overall.samples === samples);
  // The first bytes of a zip, and the end of its directory.
  has('inspect.eval', (bytes, text) => text.startsWith('PK\u0003\u0004') && bytes.includes('PK\u0005\u0006'));
  const plots = readdirSync(path).includes('plots') ? readdirSync(join(path, 'plots')) : [];
  for (const name of [
    'earnings-curve',
    'cost-against-earnings',
    'outcome-by-variant',
    'outcome-by-price-band',
  ]) {
    expect(plots.includes(`${name}.svg`), `${model} has no plots/${name}.svg`);
  }
  for (const name of plots)
    has(join('plots', name), (_, text) => text.includes('<svg') && text.includes('</svg>'));
}
