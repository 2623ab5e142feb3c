import type Docker from 'dockerode';
import { z } from 'zod';
import type { CallOptions } from '../computer-interface.js';
import { callEngineTwice } from './engine-call.js';

export interface EngineFacts {
  /** Docker makes it up once and keeps it; podman makes up another each time it is asked. */
  readonly id: string | undefined;
  /** The folder on the engine's machine in which it keeps its images. */
  readonly root: string | undefined;
}

const text = z.string().min(1).optional().catch(undefined);
const info = z.looseObject({ ID: text, DockerRootDir: text }).catch({});

/** What an engine tells of itself. */
export async function engineFacts(docker: Docker, call: CallOptions): Promise<EngineFacts> {
  const told: unknown = await callEngineTwice(async () => await (docker.info() as Promise<unknown>), call);
  const { ID: id, DockerRootDir: root } = info.parse(told);
  return { id, root };
}
