import { describe, expect, it } from 'vitest';
import {
  type ComputerRuntime,
  ConfigurationError,
  type LayoutFactory,
  officialLayout,
  runTask,
  type SetupRole,
  sharedSetups,
} from '../../../src/index.js';
import {
  fakeBenchmarkRuntime,
  fakeSolver,
  fakeTasks,
  withStubbornSnapshots,
} from '../../fixtures/fake-benchmark.js';

const runtime: ComputerRuntime = {
  name: 'none',
  start: async () => {
    throw new Error('Nothing is started here.');
  },
};
const wanted = (id: string, environment: Record<string, string> = {}) => ({
  task: { id, variant: 'ic_swe' as const },
  runtime,
  start: { setup: 'full' as const, image: 'monolith', environment: { ISSUE_ID: id, ...environment } },
});

/** A snapshot that counts its removals, and fails at as many as it is told. */
function countedSnapshot(failures = 0) {
  const counts = { removals: 0 };
  const remove = async () => {
    if (counts.removals++ < failures) throw new Error('The engine is busy.');
  };
  return { counts, snapshot: { image: 'copy', remove, [Symbol.asyncDispose]: remove } };
}

function as<Kind extends SetupRole['kind']>(role: SetupRole, kind: Kind) {
  expect(role.kind).toBe(kind);
  return role as Extract<SetupRole, { kind: Kind }>; // As just expected.
}

describe('shared set-ups', () => {
  it('let the first one set up, the others wait, and those start from its snapshot and environment', async () => {
    await using setups = sharedSetups();
    const first = as(setups.join(wanted('1', { PUSHER_APP_KEY: 'a' })), 'first');
    const waiting = as(setups.join(wanted('1', { PUSHER_APP_KEY: 'b' })), 'waiting');
    const { snapshot } = countedSnapshot();
    await first.keep(snapshot, { RUNTIME_SETUP: '' });
    await waiting.over;
    const user = as(setups.join(wanted('1')), 'user');
    expect(user.start).toEqual({ setup: 'snapshot', image: 'copy', environment: { RUNTIME_SETUP: '' } });
    await user[Symbol.asyncDispose]();
  });

  it('belong to one task, image, environment and runtime', () => {
    const setups = sharedSetups();
    as(setups.join(wanted('1')), 'first');
    as(setups.join(wanted('2')), 'first');
    as(setups.join(wanted('1', { USE_WEB_PROXY: 'true' })), 'first');
    as(setups.join({ ...wanted('1'), runtime: { ...runtime } }), 'first');
    const layout: LayoutFactory = (root) => ({ ...officialLayout(root), readyFile: `${root}/ready` });
    as(setups.join({ ...wanted('1'), layout }), 'first');
    as(setups.join({ ...wanted('1'), layout: officialLayout }), 'waiting');
    as(setups.join({ ...wanted('1'), runtime: { ...runtime, inner: runtime } }), 'waiting');
    as(setups.join({ ...wanted('1'), start: { ...wanted('1').start, image: 'other' } }), 'first');
    as(setups.join({ ...wanted('1'), task: { id: '1', variant: 'swe_manager' } }), 'alone');
    as(setups.join(wanted('1')), 'waiting');
  });

  it('make the next one first when the first one fails, and nobody when there is nothing to share', async () => {
    await using setups = sharedSetups();
    const failing = as(setups.join(wanted('1')), 'first');
    const waiting = as(setups.join(wanted('1')), 'waiting');
    failing[Symbol.dispose]();
    await waiting.over;
    const next = as(setups.join(wanted('1')), 'first');
    next.refuse();
    next[Symbol.dispose]();
    as(setups.join(wanted('1')), 'alone');
  });

  it('are removed once, when they are released and no computer is being started from them', async () => {
    await using setups = sharedSetups();
    const { counts, snapshot } = countedSnapshot();
    await as(setups.join(wanted('1')), 'first').keep(snapshot, {});
    const user = as(setups.join(wanted('1')), 'user');
    await setups.release('1');
    expect(counts.removals).toBe(0);
    await user[Symbol.asyncDispose]();
    await user[Symbol.asyncDispose]();
    await setups.release('1');
    expect(counts.removals).toBe(1);
    as(setups.join(wanted('1')), 'first');
  });

  it('outlive their release for as many tasks as they may, the first ones', async () => {
    const setups = sharedSetups({ keep: 1 });
    const snapshots = new Map(['1', '2'].map((id) => [id, countedSnapshot()]));
    const removals = () => [...snapshots.values()].map(({ counts }) => counts.removals);
    // It has nothing to be kept.
    await setups.release('manager');
    for (const [id, { snapshot }] of snapshots) {
      await as(setups.join(wanted(id)), 'first').keep(snapshot, {});
      await setups.release(id);
    }
    expect(removals()).toEqual([0, 1]);
    await as(setups.join(wanted('1')), 'user')[Symbol.asyncDispose]();
    as(setups.join(wanted('2')), 'first')[Symbol.dispose]();
    await setups.release('1');
    expect(removals()).toEqual([0, 1]);
    await setups[Symbol.asyncDispose]();
    expect(removals()).toEqual([1, 1]);
    expect(() => sharedSetups({ keep: Number.NaN })).toThrow(ConfigurationError);
  });

  it('are given to nobody after one computer could not start from them, and removed', async () => {
    await using setups = sharedSetups();
    const { counts, snapshot } = countedSnapshot();
    await as(setups.join(wanted('1')), 'first').keep(snapshot, {});
    const user = as(setups.join(wanted('1')), 'user');
    await user.reject();
    await user[Symbol.asyncDispose]();
    expect(counts.removals).toBe(1);
    as(setups.join(wanted('1')), 'alone');
  });

  it('that cannot be removed disturb no computer, and are tried again at the end, which tells', async () => {
    const setups = sharedSetups();
    const { counts, snapshot } = countedSnapshot(2);
    await as(setups.join(wanted('1')), 'first').keep(snapshot, {});
    const user = as(setups.join(wanted('1')), 'user');
    await user.reject();
    await user[Symbol.asyncDispose]();
    expect(counts.removals).toBe(1);
    await expect(setups[Symbol.asyncDispose]()).rejects.toThrow('The engine is busy.');
    await setups[Symbol.asyncDispose]();
    expect(counts.removals).toBe(3);
  });

  it('that cannot be removed when they are released are no trouble of who releases them', async () => {
    const setups = sharedSetups();
    const { counts, snapshot } = countedSnapshot(2);
    await as(setups.join(wanted('1')), 'first').keep(snapshot, {});
    await setups.release('1');
    expect(counts.removals).toBe(1);
    await expect(setups[Symbol.asyncDispose]()).rejects.toThrow('The engine is busy.');
    await setups[Symbol.asyncDispose]();
    expect(counts.removals).toBe(3);
  });

  it('of a single attempt that cannot be removed are a warning of its result, told once', async () => {
    const told: string[] = [];
    const [task] = fakeTasks(1);
    if (task === undefined) throw new Error('There is no task.');
    const result = await runTask({
      task,
      agent: fakeSolver,
      runtime: withStubbornSnapshots(fakeBenchmarkRuntime()),
      events: (event) => {
        if (event.type === 'diagnostic') told.push(event.message);
      },
    });
    expect(result).toMatchObject({ status: 'scored', warnings: [{ message: 'The engine is busy.' }] });
    expect(told).toEqual([expect.stringMatching(/^Snapshots of set-ups could not be removed/)]);
  });

  it('that come after the end are removed at once', async () => {
    const setups = sharedSetups();
    const late = as(setups.join(wanted('1')), 'first');
    await setups[Symbol.asyncDispose]();
    const { counts, snapshot } = countedSnapshot();
    await late.keep(snapshot, {});
    expect(counts.removals).toBe(1);
    as(setups.join(wanted('1')), 'alone');
  });
});
