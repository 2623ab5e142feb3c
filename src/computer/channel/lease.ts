import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import type { CallOptions } from '../computer-interface.js';
import { settledWithin } from '../deadline.js';
import { ComputerLostError, ComputerStartError } from '../errors.js';
import { isSweLancerError } from '../../errors.js';
import { markerVariable } from '../shell/process-kill.js';
import type { ShellChannel, ShellTransport } from '../shell/shell-transport.js';
import { farewell, handedBack, keeperText, leaseText } from './lease-text.js';

export interface LeaseOptions {
  readonly transport: ShellTransport;
  readonly computerId: string;
  readonly marker: string;
  /** Of the computer; exists. */
  readonly folder: string;
  /** Milliseconds without a sign of life from the harness after which the machine ends everything of the computer. */
  readonly leaseMs: number;
}

/** Holds a computer for as long as the harness lives. Without it the machine ends what was started there. */
export interface Lease {
  /** @throws ComputerLostError once the machine has ended everything of the computer */
  check(): void;
  /** Lets go of it; whoever calls ends the processes. Idempotent; never rejects. */
  close(): Promise<void>;
}

const signsPerLease = 8;
const answerMs = 10_000;
const reopenPauseMs = 1000;
/** Leases after which the machine has ended everything, however slowly it counts. */
const leasesUntilLost = 2;
const closeMs = 1000;

/**
 * The harness sends signs of life over a channel. When it is killed, the local end of that channel says farewell in its
 * place, and everything ends at once; when the link is lost, or this machine, nobody does, and the lease runs out.
 * @throws ComputerStartError, and what the transport throws
 */
export async function holdLease(options: LeaseOptions, call: CallOptions): Promise<Lease> {
  const closing = new AbortController();
  const signMs = Math.max(options.leaseMs / signsPerLease, 100);
  let signs = 0;
  let lost: ComputerLostError | undefined;
  let current = await openLease(options, call.signal);
  if (current === 'removed') throw startError(options);
  let channel: ShellChannel = current;

  const sign = () => {
    signs += 1;
    if (!channel.stdin.destroyed) channel.stdin.write(`${String(signs).padStart(10, '0')}\n`);
  };
  const timer = setInterval(sign, signMs);
  timer.unref();

  const keep = async (): Promise<void> => {
    for (;;) {
      await channel.exit;
      channel.destroy();
      let pauseMs = reopenPauseMs;
      const lostAt = performance.now() + leasesUntilLost * options.leaseMs;
      for (;;) {
        if (closing.signal.aborted) return;
        if (performance.now() > lostAt) {
          lost = lostError(options);
          return;
        }
        try {
          current = await openLease(options, closing.signal);
          break;
        } catch (error) {
          // Whoever sends the next command is told why. What no retry should help, such as a refused login or a machine
          // without room for processes, may pass: without us the machine would end everything.
          await sleep(pauseMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
          // A server may take many refused logins for an attack.
          if (isSweLancerError(error) && !error.retryable)
            pauseMs = Math.min(pauseMs * 2, Math.max(signMs, reopenPauseMs));
        }
      }
      if (current === 'removed') {
        lost = lostError(options);
        return;
      }
      channel = current;
      sign();
    }
  };
  const kept = keep();

  return {
    check: () => {
      if (lost !== undefined) throw lost;
    },
    close: async () => {
      if (closing.signal.aborted) return;
      clearInterval(timer);
      if (!channel.stdin.destroyed) channel.stdin.write(`${handedBack}\n`);
      await settledWithin(channel.exit, closeMs);
      closing.abort();
      channel.destroy();
      await settledWithin(kept, closeMs);
    },
  };
}

async function openLease(
  { transport, marker, folder, leaseMs }: LeaseOptions,
  signal: AbortSignal | undefined,
): Promise<ShellChannel | 'removed'> {
  const tick = Math.max(1, Math.min(5, Math.floor(leaseMs / 4000)));
  const channel = await transport.open(
    {
      argv: ['sh', '-c', leaseText(marker), 'sh', keeperText(marker)],
      environment: {
        [markerVariable]: `${marker}.lease`,
        folder,
        tick: String(tick),
        ticks: String(Math.max(1, Math.ceil(leaseMs / 1000 / tick))),
      },
      lastWords: farewell,
      isVital: true,
    },
    { signal },
  );
  channel.stderr.resume();
  const answer = firstLine(channel.stdout);
  await settledWithin(Promise.race([answer, channel.exit]), answerMs);
  const said = await Promise.race([answer, Promise.resolve(undefined)]);
  if (said === 'held' && signal?.aborted !== true) return channel;
  channel.destroy();
  if (said === 'removed') return 'removed';
  signal?.throwIfAborted();
  throw new ComputerLostError('The machine did not answer a sign of life.', { reason: 'connection' });
}

/** Goes on reading, so that the other side is never held up. */
async function firstLine(stream: Readable): Promise<string> {
  let text = '';
  return await new Promise((resolve) => {
    stream.on('data', (bytes: Buffer) => {
      if (text.includes('\n')) return;
      text += bytes.toString('latin1');
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
  });
}

function startError({ folder, computerId }: LeaseOptions): ComputerStartError {
  return new ComputerStartError(`${folder}, made for computer ${computerId}, went away at its start.`, {
    reason: 'other',
    computerId,
  });
}

function lostError({ computerId, leaseMs }: LeaseOptions): ComputerLostError {
  return new ComputerLostError(
    `The machine of computer ${computerId} has ended everything of the computer: it heard nothing of this harness for ${leaseMs} ms, its lease, or that the harness is gone, as when the process here that holds the lease was killed. Raise leaseMs if links may be away for longer.`,
    { reason: 'removed', computerId },
  );
}
