import { setTimeout as sleep } from 'node:timers/promises';
import { Computer, type ComputerSnapshot } from 'swelancer';
import { oursWith } from './commands.js';
import { freshExec, isHere, missingDocker, requestFor, runtime, waitingComputer } from './docker-place.js';
import { median, takeTurns } from './measure.js';
import type { Row, RowGroup } from './row.js';

const rounds = 5;
/** The sample benchmark's image, whose command sets a task up before it writes the file. */
const sampleImage = 'swelancer_sample_monolith:latest';
const readyFile = '/setup_done.txt';
const task = { ISSUE_ID: '60107', EVAL_VARIANT: 'ic_swe' };
const pollMs = 50;
const setupTimeoutMs = 600_000;

/** How soon a computer takes commands: after its start, and after a set-up that a snapshot saves. */
export const firstCommand: RowGroup = {
  name: 'first-command',
  missing: missingDocker,
  measure: async (report) => {
    await measureFirst(report);
    if (await isHere(sampleImage)) await measureSnapshot(report);
  },
};

async function measureFirst(report: (row: Row) => void): Promise<void> {
  const fresh = {
    prepare: waitingComputer,
    tidy: async (computer: Computer) => computer.cleanup(),
  };
  const taken = await takeTurns(rounds, {
    ours: { ...fresh, run: async (computer) => oursWith(computer)() },
    exec: { ...fresh, run: async (computer) => freshExec(computer.id) },
  });
  const ours = { value: median(taken.ours), unit: 'ms' } as const;
  const exec = { value: median(taken.exec), unit: 'ms' } as const;
  report({ what: 'first Docker command', ours, peer: { name: 'fresh Engine exec', figure: exec } });
}

async function measureSnapshot(report: (row: Row) => void): Promise<void> {
  const request = { ...requestFor(sampleImage), environment: { ...task, RUNTIME_SETUP: 'true' } };
  let snapshot: ComputerSnapshot | undefined;
  try {
    const startedAt = performance.now();
    const original = await runtime.start(request, { emit: () => undefined });
    await using computer = Computer.from(original);
    await untilReady(computer);
    const withoutMs = performance.now() - startedAt;
    await computer.checkShellCommand(`rm ${readyFile}`);
    snapshot = await original.snapshot();
    const { image } = snapshot;
    const taken = await takeTurns(3, {
      with: {
        run: async () => {
          const again = { ...requestFor(image), environment: task };
          await using second = Computer.from(await runtime.start(again, { emit: () => undefined }));
          await untilReady(second);
        },
      },
    });
    report({
      what: 'set-up and first command, from a snapshot',
      ours: { value: median(taken.with) / 1000, unit: 's' },
      peer: { name: 'without', figure: { value: withoutMs / 1000, unit: 's' } },
    });
  } finally {
    await snapshot?.remove();
  }
}

async function untilReady(computer: Computer): Promise<void> {
  const deadline = performance.now() + setupTimeoutMs;
  while (performance.now() < deadline) {
    if ((await computer.sendShellCommand(`test -e ${readyFile}`)).exitCode === 0) return;
    await sleep(pollMs);
  }
  throw new Error(`${readyFile} did not appear within ${setupTimeoutMs} ms.`);
}
