import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { describe, expect, it } from 'vitest';
import { Dataset, runEval, RunEvents, Secret } from '../../../src/index.js';
import { openTelemetry, type OpenTelemetryOptions } from '../../../src/telemetry/index.js';
import {
  brokenText,
  conversingAgent,
  conversingRun,
  conversingTasks,
} from '../../fixtures/conversing-run.js';
import { fakeBenchmarkRuntime, fakeSolver, fakeTasks, lost } from '../../fixtures/fake-benchmark.js';
import { icTask } from '../../fixtures/tasks.js';

function recorder(options: Omit<OpenTelemetryOptions, 'tracerProvider' | 'meterProvider'> = {}) {
  const spanExporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: 3_600_000,
  });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const events = new RunEvents();
  const telemetry = openTelemetry(events, { ...options, tracerProvider, meterProvider });
  return {
    events,
    telemetry,
    spans: () => spanExporter.getFinishedSpans(),
    metrics: async () => {
      await reader.forceFlush();
      const { metrics } = metricExporter.getMetrics().at(-1)?.scopeMetrics[0] ?? { metrics: [] };
      await meterProvider.shutdown();
      return new Map(metrics.map((metric) => [metric.descriptor.name, metric]));
    },
  };
}

/** The names of a span's ancestors, outermost first, and its own. */
function path(span: ReadableSpan, spans: readonly ReadableSpan[]): string {
  const parent = spans.find((each) => each.spanContext().spanId === span.parentSpanContext?.spanId);
  return parent === undefined ? span.name : `${path(parent, spans)} > ${span.name}`;
}

const one = (id: string) => Dataset.fromTasks([icTask({ id, price: 500, acceptableFolders: [id] })]);

describe('openTelemetry', () => {
  it('gives a run, its attempts, phases, turns, chats, tools and commands as one tree', async () => {
    const { events, telemetry, spans } = recorder();
    await conversingRun(undefined, { events, epochs: 1 });
    telemetry[Symbol.dispose]();
    const all = spans();
    const paths = new Set(all.map((span) => path(span, all)));
    for (const expected of [
      'run > task > invoke_agent converser > turn > chat scripted-1',
      'run > task > invoke_agent converser > turn > execute_tool fix > command',
      'run > task > prepare > command',
      'run > task > grade > try',
      'run > task > grade > score',
    ]) {
      expect(paths).toContain(expected);
    }
    expect(all.filter((span) => span.parentSpanContext === undefined).map(({ name }) => name)).toEqual([
      'run',
    ]);
    expect(new Set(all.map((span) => span.spanContext().traceId)).size).toBe(1);
    expect(all.filter(({ attributes }) => attributes['swelancer.unfinished'] !== undefined)).toEqual([]);
  });

  it('names agents and calls of models and tools as the GenAI conventions do', async () => {
    const { events, telemetry, spans } = recorder({ providerOf: (model) => `of ${model}` });
    await conversingRun(undefined, { events, epochs: 1 });
    telemetry[Symbol.dispose]();
    const chat = spans().find(({ name }) => name === 'chat scripted-1');
    expect(chat?.kind).toBe(SpanKind.CLIENT);
    expect(chat?.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'of scripted-1',
      'gen_ai.request.model': 'scripted-1',
      'gen_ai.response.model': 'scripted-1',
      'gen_ai.response.id': 'scripted-1-1',
      'gen_ai.response.finish_reasons': ['tool_calls'],
      'gen_ai.usage.input_tokens': 1_000,
      'gen_ai.usage.cache_read.input_tokens': 600,
      'gen_ai.usage.output_tokens': 50,
      'gen_ai.usage.reasoning.output_tokens': 20,
    });
    expect(spans().find(({ name }) => name === 'execute_tool fix')?.attributes).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'fix',
      'gen_ai.tool.type': 'function',
    });
    const agents = spans().filter(({ name }) => name === 'invoke_agent converser');
    // Eight tasks; one loses its computer before its agent is asked, and one is asked twice.
    expect(agents).toHaveLength(8);
    for (const { attributes } of agents) {
      expect(attributes).toMatchObject({
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.name': 'converser',
      });
    }
    const conversations = agents.map(({ attributes }) => attributes['gen_ai.conversation.id']);
    expect(new Set(conversations).size, 'one for each attempt').toBe(8);
    expect(conversations).toContain(chat?.attributes['gen_ai.conversation.id']);
  });

  it('tells scores as evaluations, and the fault where there is none', async () => {
    const evaluations = async (options: { captureContent?: boolean }) => {
      const { events, telemetry, spans } = recorder(options);
      await conversingRun(undefined, { events, epochs: 1 });
      telemetry[Symbol.dispose]();
      return new Map(
        spans().flatMap(({ name, attributes, events: marks }) =>
          marks
            .filter((mark) => mark.name === 'gen_ai.evaluation.result')
            .map((mark) => {
              expect(name).toBe('score');
              const { 'swelancer.task.id': task, 'swelancer.attempt': attempt } = attributes;
              return [`${String(task)} ${String(attempt)}`, mark.attributes] as const;
            }),
        ),
      );
    };
    const told = await evaluations({});
    expect(told.get(`${conversingTasks.fixed} 1`)).toEqual({
      'gen_ai.evaluation.name': 'task',
      'gen_ai.evaluation.score.value': 1,
      'gen_ai.evaluation.score.label': 'passed',
    });
    expect(told.get(`${conversingTasks.limited} 1`)).toMatchObject({
      'gen_ai.evaluation.score.value': 0,
      'gen_ai.evaluation.score.label': 'tests_failed',
    });
    expect(told.get(`${conversingTasks.regraded} 1`)).toEqual({
      'gen_ai.evaluation.name': 'task',
      'error.type': 'computer_lost',
    });
    const loud = await evaluations({ captureContent: true });
    expect(loud.get(`${conversingTasks.fixed} 1`)?.['gen_ai.evaluation.explanation']).toMatch(/./);
  });

  it('says of each failure its code, and of a task why it failed', async () => {
    const { events, telemetry, spans } = recorder();
    await conversingRun(undefined, { events, epochs: 1 });
    telemetry[Symbol.dispose]();
    const tasks = spans().filter(
      ({ name, attributes }) => name === 'task' && attributes['swelancer.task.id'] === conversingTasks.lost,
    );
    expect(tasks).toHaveLength(3);
    for (const { status, attributes } of tasks) {
      expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'computer_lost' });
      expect(attributes['error.type']).toBe('computer_lost');
    }
    const wrong = spans().find(
      ({ attributes }) => attributes['swelancer.task.id'] === conversingTasks.limited,
    );
    expect(wrong?.status.code).toBe(SpanStatusCode.UNSET);
    const failedTool = spans().find(({ name }) => name === 'execute_tool fail');
    expect(failedTool?.attributes['error.type']).toBe('tool_call');
  });

  it('captures content only when it is asked to', async () => {
    const quiet = recorder();
    await conversingRun(undefined, { events: quiet.events, epochs: 1 });
    quiet.telemetry[Symbol.dispose]();
    const said = JSON.stringify(
      quiet.spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
    );
    for (const content of [
      'I look first',
      'echo fixed',
      'a long line of output',
      'no { json',
      'The link broke',
      'Repair 1_fixed',
      brokenText.slice(0, 6),
    ]) {
      expect(said).not.toContain(content);
    }
    const loud = recorder({ captureContent: true });
    await conversingRun(undefined, { events: loud.events, epochs: 1 });
    loud.telemetry[Symbol.dispose]();
    const chat = loud.spans().find(({ name }) => name === 'chat scripted-1');
    expect(JSON.parse(String(chat?.attributes['gen_ai.output.messages']))).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'I look first.' }], finish_reason: 'tool_calls' },
    ]);
    const tool = (name: string) =>
      loud.spans().find((span) => span.name === `execute_tool ${name}`)?.attributes;
    expect(tool('look')?.['gen_ai.tool.call.result']).toBe(`${brokenText}\n[image/png]`);
    expect(tool('fail')?.['gen_ai.tool.call.result']).toBe('It cannot be done.');
    expect(tool('fix')?.['gen_ai.tool.call.arguments']).toContain('no { json');
    const texts = loud.spans().map(({ attributes }) => attributes['swelancer.command.text']);
    expect(texts).toContain('echo fixed > fix.txt');
  });

  it('keeps the secrets of a run out of what tools are asked and answer', async () => {
    const { events, telemetry, spans } = recorder({ captureContent: true });
    const secrets = [new Secret('cannot be done'), new Secret('no { json')];
    await conversingRun(undefined, { events, epochs: 1, secrets });
    telemetry[Symbol.dispose]();
    const tool = (name: string) => spans().find((span) => span.name === `execute_tool ${name}`)?.attributes;
    expect(tool('fail')?.['gen_ai.tool.call.result']).toBe('It [redacted].');
    expect(tool('fix')?.['gen_ai.tool.call.arguments']).toBe('"[redacted]"');
  });

  it('counts tokens, dollars, durations and outcomes', async () => {
    const { events, telemetry, metrics } = recorder();
    await conversingRun(undefined, { events, epochs: 1 });
    telemetry[Symbol.dispose]();
    const found = await metrics();
    const points = (name: string) => found.get(name)?.dataPoints ?? [];
    expect([...found.keys()].sort()).toEqual([
      'gen_ai.client.operation.duration',
      'gen_ai.client.token.usage',
      'swelancer.earned',
      'swelancer.task.duration',
      'swelancer.task.outcomes',
    ]);
    const input = points('gen_ai.client.token.usage').find(
      ({ attributes }) => attributes['gen_ai.token.type'] === 'input',
    );
    expect(input?.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'unknown',
      'gen_ai.request.model': 'scripted-1',
      'gen_ai.response.model': 'scripted-1',
      'gen_ai.token.type': 'input',
    });
    // Six tasks of four calls, five at the limit, and three before the computer was lost.
    expect(input?.value).toMatchObject({ count: 32, sum: 32_000 });
    const earned = points('swelancer.earned').map(({ attributes, value }) => [
      attributes['swelancer.task.variant'],
      value,
    ]);
    expect(Object.fromEntries(earned)).toEqual({ ic_swe: 2_100, swe_manager: 700 });
    const outcomes = points('swelancer.task.outcomes').map(({ attributes, value }) => [
      `${String(attributes['swelancer.task.status'])} ${String(attributes['swelancer.task.outcome'])}`,
      value,
    ]);
    expect(Object.fromEntries(outcomes)).toEqual({
      'scored passed': 5,
      'scored correct': 1,
      'scored tests_failed': 1,
      'error undefined': 5,
    });
  });

  it('ends what is open when it is disposed of, and says so', async () => {
    const { events, telemetry, spans } = recorder();
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const stop = new AbortController();
    const run = runEval({
      dataset: one('1_1'),
      runtime: fakeBenchmarkRuntime(),
      agent: async ({ signal }) => {
        begin();
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(new Error('stopped'))),
        );
      },
      events,
      signal: stop.signal,
    });
    await begun;
    telemetry[Symbol.dispose]();
    const left = spans().filter(({ attributes }) => attributes['swelancer.unfinished'] === true);
    expect(left.map(({ name }) => name)).toEqual(['invoke_agent agent', 'task', 'run']);
    const count = spans().length;
    stop.abort();
    await run;
    expect(spans()).toHaveLength(count);
  });

  it('marks a cancelled run and its tasks', async () => {
    const { events, telemetry, spans } = recorder();
    const stop = new AbortController();
    events.on('agent.turn.started', () => stop.abort());
    await runEval({
      dataset: one('1_1'),
      runtime: fakeBenchmarkRuntime(),
      agent: conversingAgent,
      events,
      signal: stop.signal,
    });
    telemetry[Symbol.dispose]();
    const status = (name: string) => spans().find((span) => span.name === name)?.status.message;
    expect(status('run')).toBe('cancelled');
    expect(status('task')).toBe('cancelled');
  });

  it('puts what comes late under the attempt it belongs to, and what comes too late under the run', () => {
    const { events, telemetry, spans } = recorder();
    const run = events.scope({ runId: 'r' }).span();
    run.emit('run.started', { tasks: 1, epochs: 1, samples: 1, availableDollars: 1 });
    const task = events.scope({ runId: 'r', taskId: 't', epoch: 1, attempt: 1 }).span();
    task.emit('task.started', { variant: 'ic_swe', priceDollars: 1, title: '' });
    const phase = task.within({ phase: 'solve' }).span();
    phase.emit('phase.started', { agent: 'someone' });
    phase.emit('phase.finished', { durationMs: 1 });
    const late = phase.span();
    late.emit('file.upload.started', { path: '/a' });
    late.emit('file.upload.finished', { path: '/a', bytes: 1, durationMs: 1 });
    task.emit('task.finished', { status: 'scored', outcome: 'passed', earnedDollars: 1, durationMs: 1 });
    // A second end is none.
    task.emit('task.finished', { status: 'scored', outcome: 'passed', earnedDollars: 1, durationMs: 1 });
    const tooLate = phase.span();
    tooLate.emit('file.download.started', { path: '/a' });
    run.emit('run.finished', { outcome: 'completed', samples: 1, earnedDollars: 1, durationMs: 1 });
    telemetry[Symbol.dispose]();
    const all = spans();
    expect(all.map((span) => path(span, all)).sort()).toEqual([
      'run',
      'run > download',
      'run > task',
      'run > task > invoke_agent someone',
      'run > task > invoke_agent someone > upload',
    ]);
    expect(all.find(({ name }) => name === 'download')?.attributes['swelancer.unfinished']).toBe(true);
  });

  it('leaves a run alone when the provider fails, and says so once', async () => {
    const events = new RunEvents();
    const diagnostics: string[] = [];
    events.on('diagnostic', ({ message }) => diagnostics.push(message));
    const failing = {
      getTracer: () => ({
        startSpan: () => {
          throw new Error('The exporter is full.');
        },
        startActiveSpan: () => {
          throw new Error('The exporter is full.');
        },
      }),
    };
    using telemetry = openTelemetry(events, { tracerProvider: failing });
    const { records } = await runEval({
      dataset: fakeTasks(4),
      runtime: fakeBenchmarkRuntime(),
      agent: fakeSolver,
      events,
    });
    expect(telemetry).toBeDefined();
    expect(records.every(({ status }) => status === 'scored')).toBe(true);
    expect(diagnostics.filter((message) => message.includes('listener'))).toHaveLength(1);
  });

  it('keeps two runs of one stream apart', async () => {
    const { events, telemetry, spans } = recorder();
    const runtime = fakeBenchmarkRuntime({ on: ({ taskId }) => (taskId === '9_9' ? lost() : undefined) });
    const options = { runtime, agent: conversingAgent, events, retries: { attempts: 0 } };
    await Promise.all([
      runEval({ ...options, dataset: one('1_1'), runId: 'a' }),
      runEval({ ...options, dataset: one('9_9'), runId: 'b' }),
    ]);
    telemetry[Symbol.dispose]();
    for (const id of ['a', 'b']) {
      const traces = spans().filter(({ attributes }) => attributes['swelancer.run.id'] === id);
      expect(new Set(traces.map((span) => span.spanContext().traceId)).size).toBe(1);
    }
    expect(new Set(spans().map((span) => span.spanContext().traceId)).size).toBe(2);
  });
});
