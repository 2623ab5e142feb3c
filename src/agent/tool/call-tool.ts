import { z } from 'zod';
import { Deadline, over, settledWithin } from '../../computer/deadline.js';
import { type ErrorRecord, SweLancerError, toErrorRecord } from '../../errors.js';
import type { ContentPart, ToolCall } from '../../model/model-client.js';
import { contentParts } from '../../model/message-content.js';
import { headAndTail } from '../../head-and-tail.js';
import { isFatal } from '../execution/is-fatal.js';
import type { ToolEnd } from '../session/agent-session.js';
import type { ToolInvocation } from './middleware.js';
import type { Tool, ToolContext, ToolResult } from './tool.js';

/** A tool call that was answered without success. In events only: nothing throws it. */
export class ToolCallError extends SweLancerError {
  readonly code = 'tool_call';
}

/** A finished call: what the model is told, and what events are. */
export interface AnsweredCall extends ToolEnd {
  readonly result: ToolResult;
}

export type InvokeTool = (call: ToolInvocation) => Promise<ToolResult>;

/** Milliseconds a tool gets to notice that it has to stop. Ending a tree of processes takes some of it. */
const settleMs = 30_000;

/** Answers a call of the model, whatever is wrong with it. @throws only what ends the agent */
export async function answerCall(
  call: ToolCall,
  invoke: InvokeTool,
  { maxOutputBytes }: Pick<ToolContext, 'maxOutputBytes'>,
): Promise<AnsweredCall> {
  if (!call.input.valid) {
    const problem = `The arguments of ${call.name} are not JSON: ${call.input.error} Send the call again with one JSON object.`;
    return failedCall(problem, maxOutputBytes);
  }
  const result = await invoke({ id: call.id, name: call.name, input: call.input.value });
  const content = bounded(result.content, maxOutputBytes);
  const failure = result.isError === true ? failureOf(content) : undefined;
  return { result: { ...result, content }, content, outputBytes: bytesOf(content), failure };
}

/** Checks the arguments and runs the tool under its time limit. What it throws becomes an answer. */
export async function runTool(
  tools: ReadonlyMap<string, Tool>,
  call: ToolInvocation,
  context: ToolContext,
): Promise<ToolResult> {
  const tool = tools.get(call.name);
  if (tool === undefined) {
    return errorResult(
      `There is no tool ${JSON.stringify(call.name)}. There are: ${[...tools.keys()].join(', ')}.`,
    );
  }
  using deadline = new Deadline({
    signal: context.signal,
    timeoutMs: tool.timeoutMs ?? context.commandTimeoutMs,
  });
  deadline.check(`The tool ${tool.name}`);
  try {
    const work = parseAndRun(tool, call.input, { ...context, signal: deadline.signal });
    const output = await deadline.whileOpen(work);
    if (output !== over) return output;
    // A tool that listens to its signal has something to clean up, and is waited for.
    await settledWithin(work, settleMs);
    if (deadline.cause === 'abort') throw deadline.error(`The tool ${tool.name}`);
    return errorResult(
      `${tool.name} took longer than ${tool.timeoutMs ?? context.commandTimeoutMs} ms and was stopped.`,
    );
  } catch (error) {
    if (deadline.cause === 'timeout' && !context.signal.aborted)
      return errorResult(`${tool.name} took longer than its time limit and was stopped.`);
    if (isFatal(error, context.signal)) throw error;
    return errorResult(`${tool.name} failed: ${toErrorRecord(error).message}`);
  }
}

/** A transform or a refinement of the schema is the caller's code as much as the tool is. */
async function parseAndRun(tool: Tool, input: unknown, context: ToolContext): Promise<ToolResult> {
  const parsed = await tool.input.safeParseAsync(input);
  if (!parsed.success) {
    return errorResult(`The arguments do not fit ${tool.name}:\n${z.prettifyError(parsed.error)}`);
  }
  const output: unknown = await tool.run(parsed.data, context);
  if (typeof output === 'string') return { content: output };
  if (output === undefined) return { content: `${tool.name} has run and returned nothing.` };
  const result = toolResult.safeParse(output);
  if (result.success) return result.data;
  return errorResult(
    `${tool.name} has run, but what it returned is neither a text nor the result of a tool.`,
  );
}

/** Callers without types may return anything. */
const toolResult = z.object({
  content: z.union([
    z.string(),
    z.array(
      z.discriminatedUnion('type', [
        z.object({ type: z.literal('text'), text: z.string() }),
        z.object({ type: z.literal('image'), mediaType: z.string(), data: z.string() }),
      ]),
    ),
  ]),
  isError: z.boolean().optional(),
  finish: z.string().optional(),
});

export function errorResult(content: string): ToolResult {
  return { content, isError: true };
}

function failedCall(problem: string, maxOutputBytes: number): AnsweredCall {
  const content = bounded(problem, maxOutputBytes);
  return {
    result: errorResult(problem),
    content,
    outputBytes: bytesOf(content),
    failure: failureOf(content),
  };
}

function failureOf(content: string | readonly ContentPart[]): ErrorRecord {
  const text = contentParts(content)
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('');
  return new ToolCallError(headAndTail(text, 2_000)).toJSON();
}

/** A caller's tool may return anything; a text that is too long would cost every call after this one. */
function bounded(
  content: string | readonly ContentPart[],
  maxBytes: number,
): string | readonly ContentPart[] {
  // Room for our own lines around output that was cut to the same size.
  const limit = maxBytes + 2_000;
  if (typeof content === 'string') return headAndTail(content, limit);
  return content.map((part) =>
    part.type === 'text' ? { ...part, text: headAndTail(part.text, limit) } : part,
  );
}

function bytesOf(content: string | readonly ContentPart[]): number {
  return contentParts(content).reduce(
    (total, part) => total + Buffer.byteLength(part.type === 'text' ? part.text : part.data),
    0,
  );
}
