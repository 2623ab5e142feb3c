export type { DockerComputer } from './docker-computer.js';
export type { DockerRuntimeOptions, DockerSecurityOptions } from './docker-options.js';
export { type DockerRuntime, dockerRuntime } from './docker-runtime.js';
export type { SweepOptions, SweepReport } from './sweep-orphans.js';
