// Puts the computer of custom-computer.ts through the conformance suite: `npx tsx examples/custom-computer-conformance.ts`.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { formatConformanceReport, runConformance } from 'swelancer/testing';
import { customComputer } from './custom-computer.js';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
const report = await runConformance({
  create: customComputer,
  // Give names of families or cases to run only these, such as `npx tsx … kill upload/overwrites`.
  only: positionals.length > 0 ? positionals : undefined,
  onCase: ({ id, outcome }) => console.error(`${outcome} ${id}`),
});
console.log(formatConformanceReport(report));
// `--json report.json` also keeps it for programs, as `conformanceReportSchema` describes it.
if (values.json !== undefined) await writeFile(values.json, JSON.stringify(report, undefined, 2));
if (!report.passed) process.exitCode = 1;
