import type { CallOptions, ComputerInterface } from '../computer-interface.js';
import { Deadline, over, settledWithin } from '../deadline.js';
import { startEnded } from '../start-ended.js';

/** A place that somebody makes for one computer, such as a pod or a machine. */
export interface MadePlace<Place> {
  /** Told by the signal when nobody waits any more. What it gives later is released. */
  readonly make: (limits: CallOptions) => Promise<Place>;
  /** Called once for each place that was made, whatever happened. */
  readonly release: (place: Place, call: CallOptions) => Promise<void>;
  /** Starts the computer. */
  readonly start: (
    place: Place,
    limits: CallOptions,
    release: (call: CallOptions) => Promise<void>,
  ) => Promise<ComputerInterface>;
}

/** Milliseconds for a maker that was told to stop to do so, and for what it gives then to be released. */
const settleMs = 5000;

/**
 * A computer in a place of its own, within one time limit for both. `what` is such as `The start of a computer`.
 * @throws what `make` and `start` throw; ComputerStartError with reason `timeout`, CallAbortedError
 */
export async function startInPlace<Place>(
  what: string,
  call: CallOptions,
  { make, release, start }: MadePlace<Place>,
): Promise<ComputerInterface> {
  using deadline = new Deadline(call);
  deadline.check(what);
  const limits = { signal: deadline.signal };
  let released: Promise<void> | undefined;
  const making = (async () => make(limits))();
  const releaseOnce = async (releaseCall: CallOptions): Promise<void> => {
    released ??= making.then(async (place) => release(place, releaseCall));
    await released;
  };
  try {
    const place = await deadline.whileOpen(making);
    if (place === over) throw deadline.error(what);
    return await start(place, limits, releaseOnce);
  } catch (error) {
    const releasing = releaseOnce({}).catch(() => undefined);
    // A maker that does not stop may not give anything for hours, or ever.
    if (deadline.cause === undefined) await releasing;
    else await settledWithin(releasing, settleMs);
    throw startEnded(deadline, what, call) ?? error;
  }
}
