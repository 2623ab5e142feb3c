import { strictEqual } from 'node:assert';
import { missingDocker, startFreshExec, waitingComputer } from './docker-place.js';
import { median, peakGrowthMib, takeTurns } from './measure.js';
import type { RowGroup } from './row.js';
import { effort } from './effort.js';

const mib = effort(1024, 16);
const bytes = mib * 1024 ** 2;
const rounds = effort(5, 1);
const command = `head -c ${bytes} /dev/zero`;
/** Bytes before each frame of the engine's stream, which ours takes off and the raw socket keeps. */
const frameHeaderBytes = 8;

/** A command that prints 1 GiB: ours, with capture and bounds, and the engine's raw socket read by nobody in particular. */
export const outputFlood: RowGroup = {
  name: 'output-flood',
  missing: missingDocker,
  measure: async (report) => {
    await using computer = await waitingComputer();
    const flood = async () => {
      const { captured } = await computer.sendShellCommand(command);
      strictEqual(captured.stdout.totalBytes, bytes);
    };
    const raw = async () => {
      const { stream } = await startFreshExec(computer.id, command);
      let received = 0;
      await new Promise<void>((resolve, reject) => {
        stream.on('data', (chunk: Buffer) => (received += chunk.length));
        stream.once('end', resolve);
        stream.once('error', reject);
      });
      strictEqual(received > bytes + frameHeaderBytes, true);
    };
    const taken = await takeTurns(rounds, { ours: { run: flood }, raw: { run: raw } });
    const rate = (ms: readonly number[]) => ({ value: mib / (median(ms) / 1000), unit: 'MiB/s' }) as const;
    report({
      what: `output flood, ${mib} MiB`,
      ours: rate(taken.ours),
      peer: { name: 'raw socket', figure: rate(taken.raw) },
      bar: { kind: 'times', value: 0.9 },
    });
    report({
      what: 'output flood, growth of heap and buffers',
      // A run of its own: the look at memory takes time.
      ours: { value: await peakGrowthMib(flood), unit: 'MiB' },
      bar: { kind: 'at most', value: 64 },
    });
  },
};
