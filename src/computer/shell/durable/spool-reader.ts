import { randomBytes } from 'node:crypto';
import type { OutputStream } from '../../computer-interface.js';
import { EndScanner } from '../end-scanner.js';
import { FrameScanner } from '../frame-scanner.js';
import type { OutputWriter } from '../output-sink.js';
import { PieceScanner } from './piece-scanner.js';
import { parseSpoolEnd, type SpoolEnd } from './spool-end.js';

/** One reading of a spool, from where the last one stopped. */
export interface SpoolReading extends OutputWriter {
  /** Ends both streams of this reading. */
  readonly end: string;
  /** Resolves with what was told at the end. */
  readonly told: Promise<SpoolEnd>;
  /** From now on whatever still arrives is dropped: another reading will bring it. */
  stop(): void;
}

/** Puts the output of a durable command together from one reading after another, each byte once. */
export class SpoolReader {
  readonly #sink: OutputWriter;
  readonly #frames: Readonly<Record<OutputStream, FrameScanner>>;
  readonly #received: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  readonly #onProgress: () => void;

  constructor(nonce: string, sink: OutputWriter, onProgress: () => void) {
    this.#sink = sink;
    this.#frames = { stdout: new FrameScanner(nonce), stderr: new FrameScanner(nonce) };
    this.#onProgress = onProgress;
  }

  /** Bytes of each stream of the spool. */
  get received(): Readonly<Record<OutputStream, number>> {
    return this.#received;
  }

  /** Bytes of both streams. None where nothing says that the command has begun. */
  get total(): number {
    return this.#received.stdout + this.#received.stderr;
  }

  get frame(): string | undefined {
    return this.#frames.stderr.frame ?? this.#frames.stdout.frame;
  }

  get preamble(): string {
    return this.#frames.stdout.preamble + this.#frames.stderr.preamble;
  }

  read(): SpoolReading {
    const end = randomBytes(16).toString('hex');
    const scanners = { stdout: new EndScanner(end), stderr: new PieceScanner(end) };
    let isOpen = true;
    let tell: (end: SpoolEnd) => void = () => undefined;
    const told = new Promise<SpoolEnd>((resolve) => {
      tell = resolve;
    });
    return {
      end,
      told,
      stop: () => {
        isOpen = false;
      },
      write: async (stream, chunk) => {
        if (!isOpen) return;
        const bytes = scanners[stream].push(chunk);
        this.#received[stream] += bytes.length;
        await this.#sink.write(stream, this.#frames[stream].push(bytes));
        if (bytes.length > 0) this.#onProgress();
        if (scanners.stdout.text !== undefined && scanners.stderr.hasEnded)
          tell(parseSpoolEnd(scanners.stdout.text));
      },
    };
  }
}
