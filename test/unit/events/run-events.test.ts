import { describe, expect, it } from 'vitest';
import { RunEvents, type SweLancerEvent } from '../../../src/index.js';

describe('RunEvents', () => {
  it('delivers events with their context, in order and numbered without gaps', () => {
    const events = new RunEvents();
    const seen: SweLancerEvent[] = [];
    events.on('*', (event) => seen.push(event));
    const scope = events.scope({ runId: 'r', taskId: 't' }).within({ phase: 'solve' });
    scope.emit('agent.turn.started', { turn: 1 });
    scope.emit('agent.turn.finished', { turn: 1, durationMs: 5 });
    expect(seen).toMatchObject([
      { type: 'agent.turn.started', seq: 1, runId: 'r', taskId: 't', phase: 'solve', turn: 1 },
      { type: 'agent.turn.finished', seq: 2, runId: 'r', taskId: 't', phase: 'solve', turn: 1 },
    ]);
  });

  it('knows whether anybody listens, so that what nobody hears need not be made', () => {
    const events = new RunEvents();
    const scope = events.scope({ runId: 'r' }).within({ phase: 'solve' }).span();
    expect(scope.isHeard('command.output')).toBe(false);
    const one = events.on('command.output', () => undefined);
    expect([scope.isHeard('command.output'), scope.isHeard('model.output')]).toEqual([true, false]);
    one[Symbol.dispose]();
    const every = events.on('*', () => undefined);
    expect(scope.isHeard('model.output')).toBe(true);
    every[Symbol.dispose]();
    expect(scope.isHeard('model.output')).toBe(false);
  });

  it('gives every span an id that no other has, in this stream or another', () => {
    const scopes = [new RunEvents().scope(), new RunEvents().scope()].map((scope) =>
      scope.within({ attempt: 1 }),
    );
    const spans = scopes.flatMap((scope) => [scope.span(), scope.span(), scope.span().span()]);
    expect(new Set(spans.map(({ context }) => context.spanId)).size).toBe(spans.length);
  });

  it('stops delivering to a disposed listener', () => {
    const events = new RunEvents();
    let calls = 0;
    const subscription = events.on('agent.turn.started', () => calls++);
    events.scope().emit('agent.turn.started', { turn: 1 });
    subscription[Symbol.dispose]();
    events.scope().emit('agent.turn.started', { turn: 2 });
    expect(calls).toBe(1);
  });

  it('reports a listener that throws or rejects, and serves the others', async () => {
    const events = new RunEvents();
    const diagnostics: string[] = [];
    let served = 0;
    events.on('agent.turn.started', () => {
      throw new Error('thrown');
    });
    // A listener that is async by oversight, as JavaScript callers write it.
    const rejecting: () => unknown = () => Promise.reject(new Error('rejected'));
    events.on('agent.turn.started', rejecting);
    events.on('agent.turn.started', () => served++);
    events.on('diagnostic', ({ error }) => diagnostics.push(error?.message ?? ''));
    events.scope().emit('agent.turn.started', { turn: 1 });
    await Promise.resolve();
    expect(served).toBe(1);
    expect(diagnostics).toEqual(['thrown', 'rejected']);
  });

  it('survives a listener that fails on every event, diagnostics included', () => {
    const events = new RunEvents();
    events.on('*', () => {
      throw new Error('always');
    });
    expect(() => events.scope().emit('agent.turn.started', { turn: 1 })).not.toThrow();
  });

  it('streams events until its signal fires', async () => {
    const events = new RunEvents();
    const stop = new AbortController();
    const turns: number[] = [];
    const reading = (async () => {
      for await (const event of events.stream({ signal: stop.signal })) {
        if (event.type === 'agent.turn.started') turns.push(event.turn);
        if (turns.length === 3) stop.abort();
      }
    })();
    for (const turn of [1, 2, 3]) events.scope().emit('agent.turn.started', { turn });
    await reading;
    expect(turns).toEqual([1, 2, 3]);
  });

  it('drops only output when a reader falls behind, and says how much', async () => {
    const events = new RunEvents();
    const iterator = events.stream({ maxBuffered: 3 })[Symbol.asyncIterator]();
    const scope = events.scope();
    for (let piece = 0; piece < 10; piece++)
      scope.emit('command.output', { commandId: 'c', stream: 'stdout', text: 'x' });
    for (let turn = 0; turn < 5; turn++) scope.emit('agent.turn.started', { turn });
    const types: string[] = [];
    const messages: string[] = [];
    for (let index = 0; index < 9; index++) {
      const { value } = (await iterator.next()) as IteratorYieldResult<SweLancerEvent>;
      types.push(value.type);
      if (value.type === 'diagnostic') messages.push(value.message);
    }
    await iterator.return?.();
    expect(types.filter((type) => type === 'command.output')).toHaveLength(3);
    expect(types.filter((type) => type === 'agent.turn.started')).toHaveLength(5);
    expect(messages).toEqual([expect.stringContaining('7 pieces')]);
  });
});
