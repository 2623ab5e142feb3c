import { z } from 'zod';
import type { EmitEvent } from '../../events/event.js';

/** What becomes of a computer, and of its commands, when the link is lost. */
export interface Durability {
  /**
   * Milliseconds without a sign of life after which the machine ends everything of this computer: its processes, the
   * entry command and `/tmp/.swelancer-<id>-*`. A harness that is killed ends it at once where its own machine lives on.
   * Default: 120,000. 0: never; what runs there runs on.
   */
  readonly leaseMs?: number | undefined;
  /** Milliseconds to find a durable command again after its link was lost. Default: 60,000. */
  readonly reattachTimeoutMs?: number | undefined;
  /** Bytes of each stream of a durable command kept inside until they are collected. Default: 64 MiB; at least 256 KiB. */
  readonly spoolBytes?: number | undefined;
  /** Told what could not be done as asked, beside the `computer.degraded` event of a runtime. */
  readonly onDegraded?: ((reason: string) => void) | undefined;
}

const count = z.number().int();

export const durabilityShape = {
  leaseMs: z.union([z.literal(0), count.min(2000)]).optional(),
  reattachTimeoutMs: count.min(0).optional(),
  spoolBytes: count.positive().optional(),
  onDegraded: z.custom<(reason: string) => void>((value) => typeof value === 'function').optional(),
};

/** What `options` say of it. With `emit`, what is degraded is an event, too. */
export function durabilityOf(options: Durability, emit?: EmitEvent): Durability {
  const { leaseMs, reattachTimeoutMs, spoolBytes, onDegraded } = options;
  if (emit === undefined) return { leaseMs, reattachTimeoutMs, spoolBytes, onDegraded };
  return {
    leaseMs,
    reattachTimeoutMs,
    spoolBytes,
    onDegraded: (reason) => {
      emit('computer.degraded', { reason });
      onDegraded?.(reason);
    },
  };
}
