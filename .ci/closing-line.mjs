// Says of a vitest JSON report which tests were skipped and why, which passed only when they were run again, and which failed.
// Prints its counts as the last line, and ends with the run's status.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [report, status] = process.argv.slice(2);
let passed = 0;
let failed = 0;
try {
  const counts = JSON.parse(readFileSync(report, 'utf8'));
  passed = counts.numPassedTests;
  // A suite that could not be loaded has no failed test of its own.
  failed = counts.numFailedTests || counts.numFailedTestSuites;
  printSkipped(counts.testResults);
  printFailures('passed only when run again', counts.testResults, 'passed');
  printFailures('failed', counts.testResults, 'failed');
} catch (error) {
  console.error(`No test report: ${error.message}`);
}
if (Number(status) !== 0 && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(Number(status) === 0 && failed === 0 ? 0 : 1);

function printSkipped(files) {
  const counts = new Map();
  for (const { name, assertionResults } of files) {
    for (const test of assertionResults.filter((result) => result.status === 'skipped')) {
      const line = `${relative('.', name)}: ${reasonOf(test)}`;
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total > 0) console.log(`\n== ${total} tests skipped`);
  for (const [line, count] of counts) console.log(`${count} × ${line}`);
}

/** A test that passed at the second attempt keeps what the first one failed with. */
function printFailures(what, files, status) {
  const failures = files.flatMap(({ name, message, assertionResults }) => {
    const tests = assertionResults
      .filter((test) => test.status === status && test.failureMessages.length > 0)
      .map((test) => [`${relative('.', name)}: ${test.fullName}`, test.failureMessages[0]]);
    return tests.length === 0 && status === 'failed' && message ? [[relative('.', name), message]] : tests;
  });
  if (failures.length > 0) console.log(`\n== ${failures.length} ${what}`);
  for (const [test, message] of failures) {
    console.log(`${test}\n    ${message.split('\n').slice(0, 6).join('\n    ')}`);
  }
}

/** As the test left it, or as the title says it in brackets, else the title. */
function reasonOf({ meta, fullName }) {
  return meta?.skipReason ?? /[[(]skipped:? (.+?)[\])]/.exec(fullName)?.[1] ?? fullName;
}
