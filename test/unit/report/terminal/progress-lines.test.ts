import { describe, expect, it } from 'vitest';
import { progressLines } from '../../../../src/report/terminal/progress-lines.js';
import type { ProgressView } from '../../../../src/report/terminal/progress-view.js';
import { remainingTime, timesWith } from '../../../../src/report/terminal/remaining-time.js';

const now = 10_000_000;
const running = (taskId: string, seconds: number, title = 'A title') =>
  ({
    taskId,
    epoch: 1,
    attempt: 1,
    title,
    price: 1000,
    phase: 'solve',
    startedAt: now - seconds * 1000,
  }) as const;

const view: ProgressView = {
  state: 'running',
  progress: {
    samples: 40,
    availableDollars: 49_550,
    finished: 12,
    passed: 6,
    errors: 1,
    running: 3,
    earnedDollars: 1200,
    triedDollars: 3000.5,
    costDollars: 0.4199,
    meanSampleMs: 1000,
  },
  inFlight: [
    running('16912_4', 185, 'Search - the page is blank'),
    { ...running('7_1', 5), phase: undefined, attempt: 2 },
    { ...running('15193-manager-0', 3700), phase: 'grade', price: 250.5 },
  ],
  faults: [
    {
      sample: { taskId: '7_1', epoch: 1, attempt: 1 },
      what: 'computer_lost in solve',
      message: 'The link\nbroke.',
      next: { redo: 'attempt', waitMs: 2000 },
    },
  ],
  epochs: 1,
  elapsedMs: 65_000,
  remainingMs: 200_000,
  now,
};

describe('progressLines', () => {
  it('shows how far a run is, what is under way with the longest first, and what went wrong', () => {
    expect(progressLines(view, { columns: 80, rows: 24 })).toEqual([
      '███████░░░░░░░░░░░░░░░░░░░  12 of 40 done (30%), 3 running',
      '$1,200 earned · of $3,000.50 tried · of $49,550 in all · 6 of 11 passed (54.5%)',
      '1 error · cost $0.42 · 1:05 elapsed · about 3:20 left',
      '  1:01:40  grade    15193-manager-0  $250.50  A title',
      '     3:05  solve    16912_4           $1,000  Search - the page is blank',
      '     0:05  waiting  7_1               $1,000  (attempt 2) A title',
      '! 7_1: computer_lost in solve, attempt again in 0:02: The link broke.',
    ]);
  });

  it('fits a small terminal: lines are cut, those that ran longest stay, the rest is counted', () => {
    const inFlight = Array.from({ length: 20 }, (_, index) => running(`${index}_1`, index));
    const lines = progressLines({ ...view, inFlight, faults: [] }, { columns: 40, rows: 10 });
    expect(lines).toEqual([
      '███░░░░░░░░░░  12 of 40 done (30%), 20…',
      '$1,200 earned · of $3,000.50 tried',
      'of $49,550 in all',
      '6 of 11 passed (54.5%) · 1 error',
      'cost $0.42 · 1:05 elapsed',
      'about 3:20 left',
      '  0:19  solve  19_1  $1,000  A title',
      '  0:18  solve  18_1  $1,000  A title',
      '  and 18 more',
    ]);
  });

  it('never has more lines than a terminal has rows', () => {
    for (let rows = 1; rows < 12; rows++) {
      for (const columns of [1, 2, 10, 33, 80]) {
        const lines = progressLines(view, { columns, rows });
        expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
      }
    }
  });

  it('lets no text of a run move the cursor, and counts wide characters twice', () => {
    const evil = 'a\u001b[2J\u0007b\r\nc\u202e日本語日本語日本語 👩‍👩‍👧‍👦';
    const fault = { what: 'x', message: '\u001b]0;title\u0007' };
    const lines = progressLines(
      { ...view, inFlight: [running('日本', 1, evil), running('7_1', 0, evil)], faults: [fault] },
      { columns: 54, rows: 24 },
    );
    expect(lines.slice(-3)).toEqual([
      '  0:01  solve  日本  $1,000  a␛[2J␇b c‹U+202E›日本語…',
      '  0:00  solve  7_1   $1,000  a␛[2J␇b c‹U+202E›日本語…',
      '! x: ␛]0;title␇',
    ]);
  });

  it('says what a run is when it is not running, and then no longer guesses', () => {
    const [bar, ...rest] = progressLines({ ...view, state: 'paused' }, { columns: 80, rows: 24 });
    expect(bar).toBe('███████░░░░░░░░░░░░░░░░░░░  12 of 40 done (30%), 3 running  paused');
    expect(rest.join()).not.toContain('left');
  });

  it('tells epochs apart, and colours only what it is told to', () => {
    const lines = progressLines(
      { ...view, epochs: 2 },
      { columns: 80, rows: 24 },
      (colour, text) => `<${colour}>${text}</>`,
    );
    expect(lines[1]).toMatch(/^<green>\$1,200 earned<\/> · of/);
    expect(lines[2]).toMatch(/^<red>1 error<\/> · /);
    expect(lines[3]).toContain('15193-manager-0 #1');
    expect(lines.at(-1)).toMatch(/^<yellow>! 7_1 #1: /);
  });
});

describe('remainingTime', () => {
  const facts = {
    progress: { samples: 10, finished: 2, meanSampleMs: 60_000 },
    inFlight: [running('a', 20), running('b', 30)],
    epochs: 1,
    past: new Map<string, number>(),
    done: new Map([['z', { samples: 2, timed: 2, totalMs: 120_000 }]]),
    now,
  };

  it('shares what is left among as many as are under way', () => {
    expect(remainingTime(facts)).toBe((40_000 + 30_000 + 6 * 60_000) / 2);
  });

  it('waits for the longest at the end', () => {
    expect(remainingTime({ ...facts, progress: { ...facts.progress, finished: 8 } })).toBe(40_000);
  });

  it('knows nothing before the first sample, unless there is a past', () => {
    const progress = { samples: 2, finished: 0, meanSampleMs: undefined };
    const fresh = { ...facts, progress, done: new Map<string, never>() };
    expect(remainingTime(fresh)).toBeUndefined();
    expect(remainingTime({ ...fresh, past: new Map([['a', 100_000]]) })).toBe(80_000);
    expect(remainingTime({ ...fresh, inFlight: [] })).toBeUndefined();
  });

  it('takes the past of each task, at the pace of this session', () => {
    const past = new Map([
      ['z', 30_000],
      ['a', 100_000],
      ['b', 10_000],
      ['c', 50_000],
    ]);
    // z took twice as long as it did: a still needs 180 s, b is overdue, and six more take 100 s each.
    expect(remainingTime({ ...facts, past })).toBe((180_000 + 0 + 6 * 100_000) / 2);
  });

  it('learns from scored samples whose agent ran, and counts the others as done', () => {
    const whole = { status: 'scored', durationMs: 60_000 } as const;
    const results = [
      whole,
      { ...whole, status: 'error', durationMs: 5 },
      { ...whole, workOf: 1, durationMs: 7 },
    ] as const;
    const times = results.reduce<ReturnType<typeof timesWith> | undefined>(
      (before, result) => timesWith(before, { workOf: undefined, ...result }),
      undefined,
    );
    expect(times).toEqual({ samples: 3, timed: 1, totalMs: 60_000 });
    const past = new Map([
      ['z', 30_000],
      ['a', 100_000],
      ['b', 100_000],
    ]);
    const done = new Map([['z', times ?? { samples: 0, timed: 0, totalMs: 0 }]]);
    // z took twice as long as it did: a still needs 180 s, b 170 s, and nothing else is left.
    const progress = { samples: 5, finished: 3, meanSampleMs: 60_000 };
    expect(remainingTime({ ...facts, progress, past, done })).toBe(180_000);
  });
});
