import type { Computer } from '../../computer/computer.js';
import { CommandTimeoutError } from '../../computer/errors.js';
import type { Layout } from '../layout.js';
import { harnessDirectory } from '../own-git.js';
import { failedStepOf } from '../playbook-output.js';
import { shellQuote } from '../../computer/shell-quote.js';
import { readRegularFile } from '../read-regular-file.js';
import type { IcRound } from './ic-verdict.js';
import type { TestTry } from './test-try.js';

/** One round as it is judged and as it is kept. */
export interface TestRound {
  readonly judged: IcRound;
  readonly kept: TestTry;
}

export interface TestRoundOptions {
  readonly computer: Computer;
  readonly layout: Layout;
  readonly taskId: string;
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly timeoutMs: number;
}

/** Runs the playbook once and reads what it left. Results of earlier rounds are removed first, so that none is read twice. */
export async function runTestRound(options: TestRoundOptions): Promise<TestRound> {
  const { computer, layout, taskId, signal, timeoutMs } = options;
  const startedAt = performance.now();
  const logs = shellQuote(layout.testLogs(taskId));
  await computer.checkShellCommand(`mkdir -p ${logs} && find ${logs} -mindepth 1 -delete`, {
    signal,
    cwd: harnessDirectory,
    label: 'clear the logs',
  });
  let ended: IcRound['ended'];
  let playbookLog = '';
  let outOfMemory = false;
  let playbookExit: number | null = null;
  try {
    const result = await computer.sendShellCommand(layout.runTests(taskId), {
      signal,
      timeoutMs,
      cwd: harnessDirectory,
      label: 'end-to-end tests',
      durable: true,
    });
    playbookLog = result.stdout + result.stderr;
    outOfMemory = result.outOfMemory;
    playbookExit = result.exitCode;
  } catch (error) {
    if (!(error instanceof CommandTimeoutError)) throw error;
    ended = 'timeout';
    playbookLog = error.partial.stdout + error.partial.stderr;
  }
  const exitCode = lastInteger(await readText(computer, layout.exitCodeFile(taskId), signal));
  const log = (await readText(computer, layout.pytestLog(taskId), signal)) ?? '';
  if (exitCode === null && (outOfMemory || playbookExit === 137)) ended = 'out_of_memory';
  const failedStep = exitCode === null ? failedStepOf(playbookLog) : undefined;
  return {
    judged: { exitCode, failedStep, ended },
    kept: {
      exitCode,
      failedStep: failedStep?.name,
      durationMs: Math.round(performance.now() - startedAt),
      log: shorten(log),
      playbookLog: shorten(playbookLog),
    },
  };
}

async function readText(computer: Computer, path: string, signal: AbortSignal): Promise<string | undefined> {
  const bytes = await readRegularFile(computer, path, { signal });
  return bytes && new TextDecoder().decode(bytes);
}

/** Upstream reads the last line that is an integer: an interactive shell may print noise before it. */
function lastInteger(text: string | undefined): number | null {
  const line = text?.split('\n').findLast((candidate) => /^\s*-?\d+\s*$/.test(candidate));
  return line === undefined ? null : Number(line);
}

const keptCharacters = 256 * 1024;

function shorten(text: string): string {
  if (text.length <= keptCharacters) return text;
  const half = keptCharacters / 2;
  return `${text.slice(0, half)}\n[${text.length - keptCharacters} characters left out]\n${text.slice(-half)}`;
}
