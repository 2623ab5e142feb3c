import { ConfigurationError } from '../../errors.js';
import type { SshDestinationOptions } from './ssh-options.js';

/** How many sessions there may be to one destination. */
export interface SessionLimits {
  readonly sessionsPerConnection: number;
  readonly maxConnections: number;
  /** Sessions that the computer itself needs all the time: the shell that ends processes, and the lease. */
  readonly reserved: number;
  /** Milliseconds of waiting for a session after which somebody is told. */
  readonly patienceMs: number;
}

const defaultSessions = 8;
const defaultConnections = 8;
const patienceMs = 30_000;

/** @throws ConfigurationError when no session would be left for commands and files */
export function sessionLimits(
  options: SshDestinationOptions & { readonly leaseMs?: number | undefined },
): SessionLimits {
  const { sessionsPerConnection = defaultSessions, maxConnections = defaultConnections, leaseMs } = options;
  const reserved = leaseMs === 0 ? 1 : 2;
  const total = sessionsPerConnection * maxConnections;
  if (total > reserved) return { sessionsPerConnection, maxConnections, reserved, patienceMs };
  const held = reserved === 1 ? 'one for itself' : 'two for itself (one of them for the lease; see leaseMs)';
  throw new ConfigurationError(
    `${maxConnections} connections with ${sessionsPerConnection} sessions each are too few for ${options.destination}: a computer holds ${held} and needs one more for commands and files. Raise sessionsPerConnection or maxConnections.`,
  );
}
