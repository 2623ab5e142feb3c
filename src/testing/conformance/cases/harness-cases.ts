import { expectEqual, expectSoon, expectThat } from '../assertions.js';
import type { CaseBench, CaseDefinition } from '../case-definition.js';
import type { ConformanceHarness } from '../conformance-options.js';
import { startHarness } from '../harness-process.js';

const defaultWithinMs = 30_000;

function harnessOf({ options, skip }: CaseBench): ConformanceHarness {
  return options.harness ?? skip('needs the option harness');
}

async function expectGone({ findLeftovers, withinMs = defaultWithinMs }: ConformanceHarness, id: string) {
  let left: readonly string[] = [];
  await expectSoon(
    `nothing of computer ${id} is left`,
    async () => {
      left = await findLeftovers(id);
      return left.length === 0;
    },
    withinMs,
  ).catch(() => undefined);
  expectEqual(`What is left of computer ${id}`, left, []);
}

export const harnessCases: readonly CaseDefinition[] = [
  {
    id: 'harness/nothing-left',
    level: 3,
    title: 'nothing of a computer can be found any more once it has been cleaned up',
    requires: ['harness'],
    body: async (bench) => {
      const harness = harnessOf(bench);
      const other = await bench.another();
      await bench.runOn(other, 'true');
      expectThat(
        (await harness.findLeftovers(other.id)).length > 0,
        'findLeftovers finds nothing of a live computer.',
      );
      await other.cleanup({ timeoutMs: 60_000 });
      expectEqual('What is left of it', await harness.findLeftovers(other.id), []);
    },
  },
  {
    id: 'harness/killed',
    level: 3,
    title: 'a harness that is killed leaves nothing of its computer after the time that is promised',
    requires: ['harness'],
    timeoutMs: 240_000,
    body: async (bench) => {
      const harness = harnessOf(bench);
      await using crashing = await startHarness(harness.argv);
      const { computerId } = crashing;
      expectThat(
        (await harness.findLeftovers(computerId)).length > 0,
        'There is nothing of its computer to begin with.',
      );
      await crashing.kill();
      await expectGone(harness, computerId);
    },
  },
  {
    id: 'harness/swept',
    level: 3,
    title:
      'a sweep removes what a dead harness left, and spares what lives, of this process and of another one',
    requires: ['harness', 'sweep'],
    timeoutMs: 300_000,
    body: async (bench) => {
      const harness = harnessOf(bench);
      const { sweep } = harness;
      if (sweep === undefined) return;
      await using living = await startHarness(sweep.argv);
      await using dying = await startHarness(sweep.argv);
      await dying.kill();
      const orphans = await harness.findLeftovers(dying.computerId);
      expectThat(orphans.length > 0, 'The dead harness left nothing that a sweep could remove.');
      const lives = await harness.findLeftovers(living.computerId);
      await sweep.run();
      expectEqual('What is left of the dead one', await harness.findLeftovers(dying.computerId), []);
      expectEqual('What is left of the living one', await harness.findLeftovers(living.computerId), lives);
      expectEqual('A command of this process', (await bench.run('echo on')).stdout, 'on\n');
      await living.kill();
      await sweep.run();
      expectEqual('What is left of the other one, dead', await harness.findLeftovers(living.computerId), []);
    },
  },
];
