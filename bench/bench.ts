// Prints how we compare with named peers, as ratios from one run: `npm run bench -- [--only group]… [--json file] [--trial]`.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { execaNode } from 'execa';
import { groups } from './groups.js';
import { metOf, ratioOf, type Row } from './row.js';
import { tableHead, tableRow } from './table.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
    trial: { type: 'boolean', default: false },
  },
});
const unknown = values.only.filter((name) => !groups.some((group) => group.name === name));
if (unknown.length > 0) {
  console.error(
    `No group is called ${unknown.join(', ')}. There are: ${groups.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}

const programFile = fileURLToPath(
  new URL('../node_modules/.cache/swelancer-bench/group-process.js', import.meta.url),
);
/** In a bundle every module would take the bundle's place for its own, and not find the files beside it. */
const ownPlaces: Plugin = {
  name: 'own places',
  setup: (bundling) => {
    bundling.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const place = JSON.stringify(pathToFileURL(path).href);
      return { contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', place), loader: 'ts' };
    });
  },
};

// As the published package is: what compiles sources while they are loaded also follows every error back to them.
await build({
  entryPoints: [fileURLToPath(new URL('group-process.ts', import.meta.url))],
  outfile: programFile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  plugins: [ownPlaces],
});

const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 1024 ** 3)} GiB, Node ${process.version}`;
const startedAt = new Date().toISOString();
console.log(`${startedAt}, ${machine}\n\n${tableHead()}`);
const rows: { readonly group: string; readonly row: Row }[] = [];
const skipped: string[] = [];
for (const group of groups) {
  if (values.only.length > 0 && !values.only.includes(group.name)) continue;
  const missing = await group.missing();
  if (missing !== undefined) {
    skipped.push(`${group.name} was skipped: ${missing}.`);
    continue;
  }
  // A process each: what one group leaves in the heap would slow down another.
  const measuring = execaNode(programFile, [group.name, ...(values.trial ? ['--trial'] : [])], {
    ipc: true,
    stdio: 'inherit',
  });
  for await (const message of measuring.getEachMessage()) {
    const row = message as Row; // All that it sends.
    rows.push({ group: group.name, row });
    console.log(tableRow(values.trial ? { ...row, bar: undefined } : row));
  }
  await measuring;
}
for (const line of skipped) console.log(`\n${line}`);
const judged = rows.filter(({ row }) => row.bar !== undefined);
const met = judged.filter(({ row }) => (metOf(row) ?? 0) >= 1);
console.log(
  values.trial
    ? `\nA trial: ${rows.length} rows, whose figures say nothing.`
    : `\n${met.length} of ${judged.length} bars met.`,
);
// Whoever asks whether everything works wants to know what does not.
if (values.trial && skipped.length > 0) process.exitCode = 1;
if (values.json !== undefined) {
  const measured = rows.map(({ group, row }) => ({ group, ...row, ratio: ratioOf(row), met: metOf(row) }));
  await writeFile(
    values.json,
    `${JSON.stringify({ startedAt, machine, rows: measured, skipped }, null, 2)}\n`,
  );
}
