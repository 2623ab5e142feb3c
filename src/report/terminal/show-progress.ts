import type { EvalRun } from '../../eval/eval-run.js';
import type { PastDurations } from '../../eval/sample-order.js';
import { faultLine } from './fault-line.js';
import { FollowedRun } from './followed-run.js';
import { LiveBlock } from './live-block.js';
import { paintFor } from './paint.js';
import { resultLine, statusLine } from './plain-lines.js';
import { progressLines } from './progress-lines.js';
import { SafeStream, type TextStream } from './safe-stream.js';

export interface ShowProgressOptions {
  /** Default: `process.stderr`. */
  readonly stream?: TextStream | undefined;
  /**
   * `live`: lines that are drawn over, for a terminal. `lines`: a line for each result and fault, for files and logs.
   * Default: `live` where the stream is a terminal, and the environment has neither `CI` nor `TERM=dumb`.
   */
  readonly style?: 'live' | 'lines' | undefined;
  /** For the time that is left: what `pastDurations(folder)` read of an earlier run. Default: only what this session saw. */
  readonly pastDurations?: PastDurations | undefined;
  /** Milliseconds between two pictures, or two status lines. Default: 200 live, 30,000 in lines. */
  readonly intervalMs?: number | undefined;
}

/**
 * Shows a run's progress until it ends or the display is disposed of: `using progress = showProgress(run)`. Neither keeps
 * the process alive nor changes anything of the run, whatever becomes of the stream.
 */
export function showProgress(run: EvalRun, options: ShowProgressOptions = {}): Disposable {
  const stream = options.stream ?? process.stderr;
  const style = options.style ?? styleFromEnvironment(stream);
  return style === 'live' ? showLive(run, stream, options) : showLines(run, stream, options);
}

function styleFromEnvironment({ isTTY }: TextStream): 'live' | 'lines' {
  const { CI, TERM } = process.env;
  const isContinuousIntegration = CI !== undefined && CI !== '' && CI !== 'false' && CI !== '0';
  return isTTY === true && !isContinuousIntegration && TERM !== 'dumb' ? 'live' : 'lines';
}

function showLive(run: EvalRun, stream: TextStream, options: ShowProgressOptions): Disposable {
  const output = new SafeStream(stream);
  const block = new LiveBlock(output);
  const paint = paintFor(stream);
  const draw = () => {
    // Some terminals say that they have 0 columns.
    const size = { columns: stream.columns || 80, rows: stream.rows || 24 };
    block.draw(progressLines(followed.view(), size, paint), size.columns);
  };
  const drawIfRead = () => {
    if (output.isReady) draw();
  };
  const end = once(() => {
    clearInterval(timer);
    draw();
    followed[Symbol.dispose]();
    output[Symbol.dispose]();
  });
  const followed = new FollowedRun(run, { past: options.pastDurations ?? new Map(), onEnd: () => end() });
  const timer = setInterval(drawIfRead, options.intervalMs ?? 200).unref();
  draw();
  return { [Symbol.dispose]: end };
}

function showLines(run: EvalRun, stream: TextStream, options: ShowProgressOptions): Disposable {
  const output = new SafeStream(stream);
  const print = (line: string) => output.write(`${line}\n`);
  const status = () => print(statusLine(followed.view()));
  const end = once(() => {
    clearInterval(timer);
    status();
    followed[Symbol.dispose]();
    output[Symbol.dispose]();
  });
  const followed = new FollowedRun(run, {
    past: options.pastDurations ?? new Map(),
    onResult: (result, number) => print(resultLine(result, number, followed.view())),
    onFault: (fault) => print(`! ${faultLine(fault, run.plan.epochs)}`),
    onEnd: () => end(),
  });
  const timer = setInterval(status, options.intervalMs ?? 30_000).unref();
  return { [Symbol.dispose]: end };
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}
