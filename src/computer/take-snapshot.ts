import { observe } from '../events/event-scope.js';
import type { ComputerView } from './computer-core.js';
import type { CallOptions, ComputerSnapshot } from './computer-interface.js';
import { UnsupportedOptionError } from './errors.js';

/** Makes an image of a computer's files, between its events. */
export async function takeSnapshot(view: ComputerView, options: CallOptions): Promise<ComputerSnapshot> {
  const { core, scope } = view;
  const { implementation } = core;
  return observe(
    scope,
    {
      start: ['computer.snapshot.started', {}],
      finished: ({ image }: ComputerSnapshot, durationMs) => [
        'computer.snapshot.finished',
        { image, durationMs },
      ],
      failed: (error, durationMs) => ['computer.snapshot.failed', { durationMs, error }],
    },
    async () => {
      if (view.agent) throw refusal(core.id, 'an agent may not copy its computer');
      if (implementation.snapshot === undefined) {
        throw refusal(core.id, 'its implementation has no `snapshot`');
      }
      const snapshot = implementation.snapshot.bind(implementation);
      return core.call(view, 'Making a snapshot', options, async (limits) => {
        const taken = await snapshot(limits);
        // It came after the caller had stopped waiting, and nobody else knows of it.
        if (limits.signal?.aborted === true) await taken.remove();
        return taken;
      });
    },
  );
}

function refusal(computerId: string, why: string): UnsupportedOptionError {
  return new UnsupportedOptionError(`No snapshot was made of computer ${computerId}: ${why}.`, {
    option: 'snapshot',
    computerId,
  });
}
