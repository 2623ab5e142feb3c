import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { createGzip, gunzip } from 'node:zlib';
import { z } from 'zod';
import { isPrinted } from '../events/printed-events.js';
import type { EventType } from '../events/event.js';
import { headAndTail } from '../head-and-tail.js';
import { isMissing } from '../store/is-missing.js';

const packedSchema = z.object({
  /** Lines of JSON: gzip, in base64. */
  content: z.base64(),
  /** Texts of more characters were cut in their middle, for it to fit; images were left out. */
  cutTo: z.number().int().positive().optional(),
  /** Whether what commands and models printed was left out, for it to fit. */
  withoutOutput: z.boolean().optional(),
});

/** Validates transcript and events of an attempt that was run elsewhere. */
export const sampleRecordsSchema = z.object({
  transcript: packedSchema.optional(),
  events: packedSchema.optional(),
  /** What did not fit, however much of it was cut. */
  leftOut: z.array(z.enum(['transcript', 'events'])).optional(),
});

/** What an attempt said and did, small enough to be carried in a job. */
export type SampleRecords = z.infer<typeof sampleRecordsSchema>;
type Packed = z.infer<typeof packedSchema>;

/** Bytes that a record of a worker is unpacked to at most. */
const maxUnpackedBytes = 512 * 1024 * 1024;

/** How much is cut, one after another, until it fits. */
const transcriptCuts = [{}, { cutTo: 20_000 }, { cutTo: 2_000 }, { cutTo: 200 }] as const;
const eventCuts = [
  {},
  { cutTo: 2_000 },
  { cutTo: 2_000, withoutOutput: true },
  { cutTo: 200, withoutOutput: true },
] as const;
type Cut = Pick<Packed, 'cutTo' | 'withoutOutput'>;

/** Packs both files into `maxBytes` of JSON. The transcript comes first: it tells most. A missing file is left away. */
export async function packRecords(
  files: { readonly transcript: string; readonly events: string },
  maxBytes: number,
): Promise<SampleRecords> {
  const transcript = await pack(files.transcript, maxBytes, transcriptCuts);
  const used = typeof transcript === 'object' ? transcript.content.length : 0;
  const events = await pack(files.events, maxBytes - used, eventCuts);
  const leftOut = [
    ...(transcript === 'too long' ? (['transcript'] as const) : []),
    ...(events === 'too long' ? (['events'] as const) : []),
  ];
  return {
    ...(typeof transcript === 'object' && { transcript }),
    ...(typeof events === 'object' && { events }),
    ...(leftOut.length > 0 && { leftOut }),
  };
}

/** @throws RangeError for what is larger than any of ours. */
export async function unpack({ content }: Packed): Promise<Buffer> {
  return await promisify(gunzip)(Buffer.from(content, 'base64'), { maxOutputLength: maxUnpackedBytes });
}

async function pack(
  path: string,
  maxBytes: number,
  cuts: readonly Cut[],
): Promise<Packed | 'missing' | 'too long'> {
  for (const cut of cuts) {
    try {
      const content = await compressed(path, cut, maxBytes);
      if (content !== undefined) return { content, ...cut };
    } catch (error) {
      if (isMissing(error)) return 'missing';
      throw error;
    }
  }
  return 'too long';
}

/** Undefined as soon as it does not fit: no file is held in memory. */
async function compressed(path: string, cut: Cut, maxBytes: number): Promise<string | undefined> {
  const zip = createGzip();
  const chunks: Buffer[] = [];
  let size = 0;
  zip.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
  });
  const ended = once(zip, 'end');
  const input = createReadStream(path);
  const fits = () => Math.ceil(size / 3) * 4 <= maxBytes;
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      const text = cutLine(line, cut);
      if (text === undefined) continue;
      if (!zip.write(`${text}\n`)) await once(zip, 'drain');
      if (!fits()) return undefined;
    }
    zip.end();
    await ended;
    return fits() ? Buffer.concat(chunks).toString('base64') : undefined;
  } finally {
    input.destroy();
    zip.destroy();
  }
}

/** Undefined for a line that is left out. */
function cutLine(line: string, { cutTo, withoutOutput }: Cut): string | undefined {
  if (cutTo === undefined) return line;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The process died while it wrote it.
    return undefined;
  }
  if (withoutOutput === true && isOutput(value)) return undefined;
  return JSON.stringify(value, (_, part: unknown) => shortened(part, cutTo));
}

function isOutput(value: unknown): boolean {
  // What is no event's type is in no set of them.
  return typeof value === 'object' && value !== null && 'type' in value && isPrinted(value.type as EventType);
}

function shortened(part: unknown, cutTo: number): unknown {
  if (typeof part === 'string') return headAndTail(part, cutTo);
  // Half of an image shows nothing.
  if (typeof part === 'object' && part !== null && 'type' in part && part.type === 'image')
    return { type: 'text', text: '[an image was left out]' };
  return part;
}
