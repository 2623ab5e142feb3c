import { longestTimerMs } from '../computer/deadline.js';

/** Time that runs out, but for what is spent in line behind other tasks. */
export interface Countdown extends Disposable {
  /** Lets no time pass until the function it returns is called. Several may hold it at once. */
  hold(): () => void;
}

/** Calls `onOver` once that many milliseconds have passed while nobody held it; never for `undefined` and `Infinity`. */
export function countdown(milliseconds: number | undefined, onOver: () => void): Countdown {
  let leftMs = milliseconds ?? Infinity;
  let since = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let holders = 0;
  let ended = leftMs === Infinity;
  const run = () => {
    if (ended) return;
    since = performance.now();
    const over = () => {
      ended = true;
      onOver();
    };
    // Some weeks: whoever gives more means that it has no end.
    timer = setTimeout(over, Math.min(Math.max(leftMs, 0), longestTimerMs));
  };
  run();
  return {
    hold: () => {
      if (holders++ === 0) {
        clearTimeout(timer);
        leftMs -= performance.now() - since;
      }
      let holds = true;
      return () => {
        if (!holds) return;
        holds = false;
        if (--holders === 0) run();
      };
    },
    [Symbol.dispose]: () => {
      ended = true;
      clearTimeout(timer);
    },
  };
}
