import { describe, expect, it } from 'vitest';
import {
  type Agent,
  type AgentLimits,
  codeBlockAgent,
  ConfigurationError,
  noopAgent,
  toolAgent,
} from '../../../src/index.js';
import { ModelError } from '../../../src/model/errors.js';
import { withRetries } from '../../../src/model/retrying-model.js';
import { type ScriptedModel, type ScriptedTurn, scriptedModel } from '../../../src/model/scripted-model.js';
import { usageSchema } from '../../../src/result/usage-schema.js';
import { workplace } from './workplace.js';

const usage = { inputTokens: 100, outputTokens: 10 };

const agents: readonly {
  name: string;
  /** A turn that does something and wants to go on. */
  busy: ScriptedTurn;
  agent: (model: ScriptedModel) => Agent;
}[] = [
  {
    name: 'codeBlockAgent',
    busy: { text: '```python\nprint(1)\n```', usage, costDollars: 0.25 },
    agent: (model) => codeBlockAgent({ model }),
  },
  {
    name: 'toolAgent',
    busy: { toolCalls: [{ name: 'bash', input: { command: 'true' } }], usage, costDollars: 0.25 },
    agent: (model) => toolAgent({ model }),
  },
];

describe.each(agents)('a $name that would go on for ever', ({ busy, agent }) => {
  it.each<[AgentLimits, Record<string, number>]>([
    [{ turns: 3 }, { turns: 3, modelCalls: 3, toolCalls: 3 }],
    [{ toolCalls: 2 }, { toolCalls: 2, modelCalls: 3 }],
    [{ inputTokens: 250 }, { inputTokens: 300, modelCalls: 3 }],
    [{ outputTokens: 20 }, { outputTokens: 20, modelCalls: 2 }],
    [{ costDollars: 0.6 }, { costDollars: 0.75, modelCalls: 3 }],
  ])('ends at %j', async (limits, spent) => {
    const place = await workplace({ limits });
    const outcome = await agent(scriptedModel(() => busy)).solve(place.context);
    const [limit, value] = Object.entries(limits)[0] ?? [];
    expect(outcome.endedByLimit).toBe(limit);
    expect(outcome.usage).toMatchObject(spent);
    expect(place.usage()).toEqual(outcome.usage);
    const reached = place.events.filter(({ type }) => type === 'limit.reached');
    expect(reached).toEqual([expect.objectContaining({ limit, value })]);
    expect(place.transcript.transcript().end).toMatchObject({ endedByLimit: limit, usage: spent });
  });

  it('ends in the middle of a call when the time for the model is over', async () => {
    const place = await workplace({ limits: { modelMs: 300 } });
    const outcome = await agent(
      scriptedModel((_request, call) => (call === 0 ? busy : { hang: true })),
    ).solve(place.context);
    expect(outcome).toMatchObject({ endedByLimit: 'modelMs', usage: { modelCalls: 2 } });
    expect(outcome.usage?.modelMs).toBeGreaterThan(0);
  });

  it('says so when a limit on dollars or tokens cannot be kept', async () => {
    const costs = await workplace({ limits: { costDollars: 1 } });
    const free = scriptedModel(() => ({ ...(busy as object), costDollars: undefined }));
    await expect(agent(free).solve(costs.context)).rejects.toThrow(ConfigurationError);
    const untold = scriptedModel(() => ({ ...(busy as object), usage: {}, costDollars: undefined }));
    await expect(agent(untold).solve(costs.context)).rejects.toThrow('has no known cost');
    const tokens = await workplace({ limits: { inputTokens: 1 } });
    const silent = scriptedModel(() => ({ ...(busy as object), usage: {} }));
    await expect(agent(silent).solve(tokens.context)).rejects.toThrow('does not tell its tokens');
  });

  it('refuses a limit that is no number', async () => {
    const place = await workplace({ limits: { turns: Number.NaN } });
    await expect(agent(scriptedModel([])).solve(place.context)).rejects.toThrow(ConfigurationError);
  });

  it('stops in the middle of a model call when it is cancelled', async () => {
    const cancel = new AbortController();
    const place = await workplace({ signal: cancel.signal });
    const model = scriptedModel((_request, call) => {
      if (call === 0) return busy;
      cancel.abort(new Error('cancelled'));
      return { hang: true };
    });
    await expect(agent(model).solve(place.context)).rejects.toMatchObject({ name: 'AbortError' });
    expect(place.usage()).toMatchObject({ turns: 2, modelCalls: 2, toolCalls: 1 });
    expect(place.transcript.transcript().end?.error).toMatchObject({ code: 'model' });
  });
});

describe('cancelling', () => {
  it.each<[string, ScriptedTurn, (model: ScriptedModel) => Agent]>([
    [
      'a program of codeBlockAgent',
      '```python\nimport subprocess\nsubprocess.run("touch begun; sleep 983", shell=True)\n```',
      (model) => codeBlockAgent({ model }),
    ],
    [
      'a tool of toolAgent',
      { toolCalls: [{ name: 'bash', input: { command: 'touch begun; sleep 983 & sleep 984' } }] },
      (model) => toolAgent({ model }),
    ],
  ])('ends %s with all its processes', async (_name, turn, agent) => {
    const cancel = new AbortController();
    const place = await workplace({ signal: cancel.signal });
    const solved = agent(scriptedModel([turn])).solve(place.context);
    await place.computer.checkShellCommand('until [ -e begun ]; do sleep 0.05; done', {
      cwd: place.repository,
      timeoutMs: 30_000,
    });
    expect(await place.processes()).not.toEqual([]);
    cancel.abort(new Error('cancelled'));
    await expect(solved).rejects.toMatchObject({ name: 'AbortError' });
    expect(await place.processes()).toEqual([]);
  });
});

describe('accounting', () => {
  it('counts failed and repeated calls too, and reports after each', async () => {
    const place = await workplace();
    const failure = new ModelError('busy', {
      kind: 'overloaded',
      model: 'm',
      usage: { inputTokens: 7, outputTokens: 0 },
      costDollars: 0.5,
    });
    const model = scriptedModel([{ fail: failure }, { text: 'DONE', usage, costDollars: 0.25 }]);
    const outcome = await codeBlockAgent({ model: withRetries(model, { baseDelayMs: 0 }) }).solve(
      place.context,
    );
    expect(outcome.usage).toMatchObject({
      modelCalls: 2,
      inputTokens: 107,
      outputTokens: 10,
      costDollars: 0.75,
    });
    expect(place.transcript.transcript().messages.at(-1)?.call).toMatchObject({
      usage,
      failedAttempts: [{ error: { code: 'model' } }],
    });
  });

  it('keeps the usage of an agent that fails', async () => {
    const place = await workplace();
    const refused = new ModelError('no key', { kind: 'auth', model: 'm' });
    const model = scriptedModel([{ text: 'Hm.', usage }, { fail: refused }]);
    await expect(codeBlockAgent({ model }).solve(place.context)).rejects.toBe(refused);
    expect(place.usage()).toMatchObject({ inputTokens: 100, turns: 2, modelCalls: 2 });
  });

  it('leaves an unknown price unknown', async () => {
    const place = await workplace();
    const outcome = await codeBlockAgent({ model: scriptedModel([{ text: 'DONE', usage }]) }).solve(
      place.context,
    );
    expect(outcome.usage).toHaveProperty('costDollars', undefined);
  });

  it('does not take an answer without tokens and cost for a free one', async () => {
    const place = await workplace();
    const model = scriptedModel([
      { text: 'Hm.', usage, costDollars: 0.5 },
      { text: 'DONE', usage: {} },
    ]);
    const { usage: spent } = await codeBlockAgent({ model }).solve(place.context);
    expect(spent).toMatchObject({ inputTokens: 100, modelCalls: 2, callsWithUnknownUsage: 1 });
    // A result keeps it.
    expect(usageSchema.parse(spent)).toMatchObject({ callsWithUnknownUsage: 1 });
    expect(spent).toHaveProperty('costDollars', undefined);
  });

  it('trims a conversation to the window of the model and never its task', async () => {
    const place = await workplace();
    const model = scriptedModel(
      [...Array.from({ length: 6 }, () => '```python\nprint("x" * 9_000)\n```'), 'DONE'],
      { contextTokens: 8_000 },
    );
    await codeBlockAgent({ model }).solve(place.context);
    const last = model.requests.at(-1)?.messages ?? [];
    expect(last.length).toBeLessThan(13);
    expect(last[0]?.content).toContain('Fix it.');
    expect(place.events.some(({ type }) => type === 'context.trimmed')).toBe(true);
    expect(place.transcript.transcript().messages).toHaveLength(14);
  });

  it('sends less when the provider finds the prompt too large, and gives up in the end', async () => {
    const place = await workplace();
    const tooLarge = new ModelError('too large', { kind: 'context_length', model: 'm' });
    const output = '```python\nprint("x" * 9_000)\n```';
    const model = scriptedModel([output, output, output, { fail: tooLarge }, 'DONE']);
    await codeBlockAgent({ model }).solve(place.context);
    const [, , , refused, sent] = model.requests;
    expect(JSON.stringify(sent?.messages).length).toBeLessThan(JSON.stringify(refused?.messages).length);
    const hopeless = scriptedModel((_request, call) => (call === 0 ? output : { fail: tooLarge }));
    await expect(codeBlockAgent({ model: hopeless }).solve(place.context)).rejects.toBe(tooLarge);
  });
});

it('an agent that does nothing needs no model', async () => {
  const place = await workplace();
  expect(await noopAgent().solve(place.context)).toEqual({});
});
