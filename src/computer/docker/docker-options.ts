import { inspect } from 'node:util';
import type Docker from 'dockerode';
import { z } from 'zod';
import { ConfigurationError } from '../../errors.js';
import type { ComputerRequest, ResourceLimits } from '../computer-interface.js';
import { unknownOption } from '../../option-names.js';
import { isImageReference } from './image-reference.js';

export interface DockerRuntimeOptions {
  /** Your own dockerode instance. Default: one is made for the engine that is found. */
  readonly docker?: Docker | undefined;
  /**
   * `unix:///path`, `tcp://host:port`, `npipe:////./pipe/name` or `ssh://user@host[:port][/path/of/docker.sock]`. Default: as the docker client does, from
   * `DOCKER_HOST`, then `DOCKER_CONTEXT` or the current context of the configuration file, then the usual sockets.
   */
  readonly host?: string | undefined;
  /** The docker client's configuration folder: contexts and registry log-ins. Default: `DOCKER_CONFIG`, else `~/.docker`. */
  readonly configDirectory?: string | undefined;
  /** Default: `linux/amd64`, the only platform of the benchmark's images. An image of another one counts as missing. */
  readonly platform?: string | undefined;
  /** Default: `missing`. */
  readonly pull?: 'missing' | 'never' | 'always' | undefined;
  /** For requests that do not set them. Default: 2 GiB of `/dev/shm` and 4096 processes, nothing else limited. */
  readonly resources?: ResourceLimits | undefined;
  /** In place of the image's CMD. Default: the image's, which sets the benchmark's computer up. */
  readonly command?: readonly string[] | undefined;
  /** In place of the image's ENTRYPOINT. */
  readonly entrypoint?: readonly string[] | undefined;
  /** A network that exists. Default: each computer gets one of its own, so that computers do not see each other. */
  readonly network?: string | undefined;
  /**
   * An image with `sh` and `ip` (iproute2 or busybox) for the short-lived container that changes a computer's network.
   * Default: the computer's own image.
   */
  readonly helperImage?: string | undefined;
  /**
   * A range such as `10.213.0.0/16` that nobody else uses: each computer's network gets 16 addresses of it, which makes
   * room for thousands. Default: the engine's own choice, which ends at about 31 networks.
   */
  readonly addressPool?: string | undefined;
  /**
   * Bytes that have to be free on the engine's disk before an image is pulled or a snapshot made. Looked at where the engine is on this
   * machine. Default: 2 GiB.
   */
  readonly freeBytes?: number | undefined;
  /** Added to containers and networks. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether what this runtime creates is removed when this process dies without cleaning up, such as by SIGKILL. It
   * takes one exec in each container of a local engine, and one small process beside this one. Default: true.
   */
  readonly removeAfterCrash?: boolean | undefined;
  /**
   * `lane`: a few shells stay open in the container and take one command after another. `exec`: each command is an exec
   * of its own, many times slower. Default: `lane`.
   */
  readonly strategy?: 'lane' | 'exec' | undefined;
  /**
   * What processes in the container may do. Default: no privileges beyond those of the user they run as, and of the
   * engine's usual capabilities all but raw sockets, device nodes and capability changes.
   */
  readonly security?: DockerSecurityOptions | undefined;
  /** For the container and its commands. Default: the image's, root in the benchmark's images. */
  readonly user?: string | undefined;
}

export interface DockerSecurityOptions {
  /** Allows setuid programs such as sudo to gain privileges. Default: false. */
  readonly newPrivileges?: boolean | undefined;
  /** Added to the default set, such as `NET_RAW` for ping. With `NET_ADMIN` or more the network cannot be cut. */
  readonly addCapabilities?: readonly string[] | undefined;
}

const security = z.strictObject({
  newPrivileges: z.boolean().optional(),
  addCapabilities: z.array(z.string().regex(/^[A-Z_]+$/, 'expected a name such as NET_RAW')).optional(),
});

const resourceLimits = z.strictObject({
  cpus: z.number().positive().optional(),
  memoryBytes: z
    .number()
    .int()
    .min(6 * 1024 * 1024, 'the engine refuses less than 6 MiB')
    .optional(),
  processes: z.number().int().positive().optional(),
  sharedMemoryBytes: z.number().int().positive().optional(),
});

const schema = z.strictObject({
  docker: z
    .custom(
      (value) => typeof value === 'object' && value !== null && 'modem' in value,
      'not a dockerode instance',
    )
    .optional(),
  host: z.string().min(1).optional(),
  configDirectory: z.string().min(1).optional(),
  platform: z
    .string()
    .regex(/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/, 'expected os/architecture, such as linux/amd64')
    .optional(),
  pull: z.enum(['missing', 'never', 'always']).optional(),
  resources: resourceLimits.optional(),
  command: z.array(z.string()).min(1).optional(),
  entrypoint: z.array(z.string()).optional(),
  network: z
    .string()
    .min(1)
    // Whoever changes the routes of such a network changes those of the host, or of somebody else's container.
    .refine(
      (name) => !/^(?:host|default|(?:container|ns):.*)$/.test(name),
      'expected a network of the engine, since a computer needs a network namespace of its own',
    )
    .optional(),
  helperImage: z.string().min(1).optional(),
  addressPool: z.string().optional(),
  freeBytes: z.number().nonnegative().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  removeAfterCrash: z.boolean().optional(),
  strategy: z.enum(['lane', 'exec']).optional(),
  security: security.optional(),
  user: z.string().min(1).optional(),
});

const nested: Readonly<Record<string, { readonly shape: object }>> = { resources: resourceLimits, security };

const imageName = z
  .string()
  .refine(
    isImageReference,
    'expected the name of an image, such as registry.example/me/image:tag, or its id',
  );

const requestSchema = z.looseObject({
  image: imageName,
  resources: resourceLimits.optional(),
  workingDirectory: z.string().regex(/^\/[^\0]*$/, 'expected an absolute path'),
});

/** @throws ConfigurationError that names what a computer cannot be made with. */
export function checkDockerRequest(request: ComputerRequest): void {
  const checked = requestSchema.safeParse(request);
  if (checked.success) return;
  throw new ConfigurationError(
    `dockerRuntime was asked for a computer that it cannot make. ${problemsOf(checked.error, requestSchema)}`,
  );
}

/** @throws ConfigurationError */
export function checkImageName(image: string): void {
  const checked = imageName.safeParse(image);
  if (checked.success) return;
  const [problem] = checked.error.issues;
  throw new ConfigurationError(`dockerRuntime was given the image ${inspect(image)}: ${problem?.message}.`);
}

/** @throws ConfigurationError that names the option, and the nearest valid one for an option that does not exist. */
export function checkDockerOptions(options: DockerRuntimeOptions): DockerRuntimeOptions {
  const checked = schema.safeParse(options);
  if (checked.success) return options;
  throw new ConfigurationError(
    `dockerRuntime was given options it cannot use. ${problemsOf(checked.error, schema)}`,
  );
}

function problemsOf({ issues }: z.ZodError, whole: { readonly shape: object }): string {
  const problems = issues.map((issue) => {
    const place = issue.path.join('.');
    if (issue.code !== 'unrecognized_keys') return `${place}: ${issue.message}`;
    const known = Object.keys((nested[place] ?? whole).shape);
    return issue.keys.map((key) => unknownOption(key, known, place === '' ? undefined : place)).join('; ');
  });
  return problems.join('; ');
}
