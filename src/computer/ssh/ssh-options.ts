import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { durabilityShape } from '../channel/durability.js';

/**
 * How the server proves who it is. `strict`: its key is in a known-hosts file already. `accept-new`: a key that is not
 * known yet is taken and remembered, a changed one is refused. `pinned`: the only keys that are accepted, as
 * `ssh-keyscan` and `/etc/ssh/*.pub` have them (`ssh-ed25519 AAAA…`). There is no way to turn the check off.
 */
export type HostKeys = 'strict' | 'accept-new' | { readonly pinned: string | readonly string[] };

/** One SSH destination. What is left out is taken from the client's own configuration, as on the command line. */
export interface SshDestinationOptions {
  /** `host`, `user@host`, `ssh://user@host:port`, or an alias of `~/.ssh/config`. */
  readonly destination: string;
  readonly port?: number | undefined;
  /** Path of a private key; no other is offered then. Default: the agent's and those of the configuration. */
  readonly identityFile?: string | undefined;
  /** Default: `strict`. */
  readonly hostKeys?: HostKeys | undefined;
  /** `ProxyJump`: `user@gateway`, several with commas. */
  readonly jump?: string | undefined;
  /** In place of `~/.ssh/config` and the system's. */
  readonly configFile?: string | undefined;
  /** More `-o` options of ssh_config(5), such as `{ Compression: 'yes' }`. */
  readonly sshOptions?: Readonly<Record<string, string>> | undefined;
  /** Runs everything through `sudo -n`, for machines whose login is not root. Default: false. */
  readonly sudo?: boolean | undefined;
  /** The client program. Default: `ssh`. */
  readonly sshProgram?: string | undefined;
  /** Milliseconds for connecting. Default: 15,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Seconds between signs of life; a link that misses three is taken for broken. Default: 15. */
  readonly keepAliveSeconds?: number | undefined;
  /** Milliseconds during which a link that broke is set up again. Default: 30,000. */
  readonly reconnectTimeoutMs?: number | undefined;
  /** Sessions over one connection. Default: 8, for servers with the usual `MaxSessions 10`. */
  readonly sessionsPerConnection?: number | undefined;
  /**
   * Connections at once; the second is made when the first is full. Default: 8. Times `sessionsPerConnection` it must be
   * at least 3, or 2 with `leaseMs: 0`; where all are in use, a call waits for one.
   */
  readonly maxConnections?: number | undefined;
}

/** Options that are ours: the rest of this package relies on them. */
const reserved = new Set(
  'batchmode controlmaster controlpath controlpersist stricthostkeychecking userknownhostsfile globalknownhostsfile serveraliveinterval serveralivecountmax connecttimeout remotecommand requesttty sessiontype forkafterauthentication stdinnull'.split(
    ' ',
  ),
);

const positive = z.number().int().positive();
const keyLine = z
  .string()
  .regex(
    /^(ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/]+=*( [^\n]*)?$/,
    'expected a public key such as "ssh-ed25519 AAAA…"',
  );
const word = z.string().regex(/^[^-\s\0][^\s\0]*$/, 'expected a word that does not begin with -');

export const sshDestinationShape = {
  destination: word,
  port: z.number().int().min(1).max(65_535).optional(),
  identityFile: z.string().min(1).optional(),
  hostKeys: z
    .union([
      z.enum(['strict', 'accept-new']),
      z.strictObject({ pinned: z.union([keyLine, z.array(keyLine).min(1)]) }),
    ])
    .optional(),
  jump: word.optional(),
  configFile: z.string().min(1).optional(),
  sshOptions: z
    .record(z.string().regex(/^[A-Za-z0-9]+$/), z.string().regex(/^[^\n\0]*$/))
    .refine(
      (options) => Object.keys(options).every((name) => !reserved.has(name.toLowerCase())),
      'host keys, multiplexing, keep-alive and sessions are set by options of their own',
    )
    .optional(),
  sudo: z.boolean().optional(),
  sshProgram: z.string().min(1).optional(),
  connectTimeoutMs: positive.optional(),
  keepAliveSeconds: positive.optional(),
  reconnectTimeoutMs: z.number().int().min(0).optional(),
  sessionsPerConnection: positive.optional(),
  maxConnections: positive.optional(),
};

/** Of `SshRuntimeSettings`. */
export const sshSettingsShape = {
  environment: z.record(z.string(), z.unknown()).optional(),
  strategy: z.enum(['lane', 'exec']).optional(),
  ...durabilityShape,
  entryCommand: z.union([z.literal(false), z.string().min(1)]).optional(),
};

export const sshComputerShape = {
  ...sshDestinationShape,
  ...sshSettingsShape,
  workingDirectory: z.string().refine(isAbsolute, 'expected an absolute path').optional(),
  id: z
    .string()
    .regex(/^[\w.-]+$/)
    .optional(),
};
