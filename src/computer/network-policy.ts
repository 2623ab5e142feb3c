import { SweLancerError, type SweLancerErrorOptions } from '../errors.js';

/**
 * What a computer can reach. `open`: as its runtime made it. `cut`: nothing but the computer itself, while its interface
 * stays up, so that a browser inside does not think it is offline. `none`: no interface but loopback.
 */
export type NetworkPolicy = 'open' | 'cut' | 'none';

/** One look at what can be reached. */
export interface NetworkCheck {
  readonly name:
    | 'allowed'
    | 'loopback'
    | 'outside-ipv4'
    | 'outside-ipv6'
    | 'gateway'
    | 'neighbour'
    | 'dns'
    | 'interface';
  readonly found: 'reachable' | 'unreachable';
  readonly passed: boolean;
  /**
   * `connection`: one was really tried; `route`: the kernel was asked what it would do; `resolver`: a name was asked for;
   * `interface`: the interfaces were looked at. Absent: it is not known.
   */
  readonly shownBy?: 'connection' | 'route' | 'resolver' | 'interface' | undefined;
  /** What the kernel, the other end or the resolver said. */
  readonly detail: string;
}

/** What was done, and the proof that it holds. */
export interface NetworkReport {
  readonly policy: NetworkPolicy;
  readonly method: 'routes' | 'disconnect' | 'connect' | 'nothing';
  readonly checks: readonly NetworkCheck[];
}

/** A computer could not be cut off, or it could not be proved that it is. A run that relies on it is invalid. */
export class NetworkPolicyError extends SweLancerError {
  readonly code = 'network_policy';
  readonly checks: readonly NetworkCheck[];

  constructor(message: string, options: SweLancerErrorOptions & { checks: readonly NetworkCheck[] }) {
    super(message, options);
    this.checks = options.checks;
  }

  protected override details() {
    return { checks: this.checks };
  }
}
