import { setTimeout as sleep } from 'node:timers/promises';
import type { ConformanceHarness } from 'swelancer/testing';
import { startHarness } from '../src/testing/conformance/harness-process.js';
import { importImage } from '../test/fixtures/busybox-image.js';
import { dockerHarness } from '../test/fixtures/docker-harness.js';
import { leaseHarness } from '../test/fixtures/lease-harness.js';
import { startSshServer } from '../test/fixtures/openssh-server.js';
import { docker, isHere, missingDocker } from './docker-place.js';
import { timed } from './measure.js';
import type { Row, RowGroup } from './row.js';
import { missingSsh } from './ssh-place.js';
import { effort } from './effort.js';

const rounds = effort(5, 1);
const bar = { kind: 'at most', value: 5 } as const;
/** Of the harness with a container. */
const image = 'swelancer-test:busybox-2';

/** How soon nothing is left of a computer whose harness was killed: the longest of some times. */
export const killedHarness: RowGroup = {
  name: 'killed-harness',
  missing: async () => (await missingDocker()) ?? missingSsh(),
  measure: measureKilled,
};

async function measureKilled(report: (row: Row) => void): Promise<void> {
  if (!(await isHere(image))) await importImage(docker, image);
  const inDocker = dockerHarness(docker, `bench-${process.pid}`);
  report({ what: 'container of a killed harness gone', ours: await longest(inDocker), bar });
  await using server = await startSshServer();
  const overSsh = leaseHarness({ ssh: server.options });
  report({ what: 'processes of a killed harness gone over SSH', ours: await longest(overSsh), bar });
}

async function longest(harness: ConformanceHarness): Promise<Row['ours']> {
  let value = 0;
  for (let round = 0; round < rounds; round++) {
    await using crashing = await startHarness(harness.argv);
    const isGone = async () => (await harness.findLeftovers(crashing.computerId)).length === 0;
    if (await isGone()) throw new Error('There is nothing of the harness’s computer to begin with.');
    const ms = await timed(async () => {
      await crashing.kill();
      while (!(await isGone())) await sleep(20);
    });
    value = Math.max(value, ms / 1000);
  }
  return { value, unit: 's' };
}
