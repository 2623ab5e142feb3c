import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TranscriptEntry } from '../../../src/agent/transcript/transcript-entry.js';
import type { RunDescription, TaskResult } from '../../../src/index.js';
import { seededRandom } from '../../../src/seeded-random.js';
import { RunStore } from '../../../src/store/run-store.js';

export interface SyntheticRunOptions {
  readonly tasks: number;
  readonly epochs: number;
  /** Of each transcript. Default: 6. */
  readonly turns?: number;
  /** Of the text a tool gives back in each turn. Default: 400. */
  readonly charactersATurn?: number;
  /** Stands in every place that a task, an agent or a test can write to. */
  readonly text?: string;
  /** Kept beside the first attempt. */
  readonly artifacts?: Readonly<Record<string, Uint8Array>>;
  /** Tasks, from the last, whose samples are not done. Default: 0. */
  readonly unfinished?: number;
  /** Default: 1. */
  readonly seed?: number;
}

const prices = [50, 125, 250, 250, 250, 500, 500, 500, 1000, 1000, 2000, 4000, 8000, 32_000];
const components = [
  'Search',
  'Report screen',
  'Workspace',
  'Login',
  'Receipt scan',
  'Chat',
  'Split bill',
  'Profile',
];
const defects = [
  'does not close when the back button is pressed',
  'shows a blank page after going offline',
  'loses the cursor position while typing',
  'jumps to the top on every new message',
  'shows the wrong currency for imported expenses',
  'keeps the tooltip open after a click',
];

/** A run folder with invented results, so that reports of any size can be made without running anything. */
export async function writeSyntheticRun(path: string, options: SyntheticRunOptions): Promise<void> {
  const random = seededRandom(options.seed ?? 1);
  const pick = <T>(values: readonly [T, ...T[]] | readonly T[]): T => {
    const value = values[Math.floor(random() * values.length)];
    if (value === undefined) throw new Error('Nothing to pick from.');
    return value;
  };
  const tasks = Array.from({ length: options.tasks }, (_, index) => {
    const manager = index % 7 > 3;
    const price = pick(prices);
    return {
      id: manager ? `${20_000 + index * 37}-manager-0` : `${15_000 + index * 41}_${index + 100}`,
      variant: manager ? ('swe_manager' as const) : ('ic_swe' as const),
      title: `[$${price}] ${pick(components)} ${pick(defects)}${options.text ?? ''}`,
      price,
      split: 'diamond',
    };
  });
  const description: RunDescription = {
    schema: 1,
    runId: 'synthetic-run',
    name: `gpt-4o with tools on Diamond${options.text ?? ''}`,
    createdAt: '2026-10-03T08:15:00.000Z',
    dataset: { fingerprint: createHash('sha256').update(String(options.tasks)).digest('hex'), tasks },
    agent: 'tool-agent',
    scorer: 'task',
    epochs: options.epochs,
    configuration: {},
    versions: { swelancer: '0.1.0', node: process.version },
  };
  const store = await RunStore.open({ path, description });
  try {
    const done = tasks.slice(0, tasks.length - (options.unfinished ?? 0));
    for (let epoch = 1; epoch <= options.epochs; epoch++) {
      for (const task of done) {
        const end = random();
        const passRate = task.variant === 'swe_manager' ? 0.42 : task.price >= 1000 ? 0.12 : 0.3;
        const fault = end > 0.97;
        const attempts = fault && random() < 0.6 ? 2 : 1;
        for (let attempt = 1; attempt <= attempts; attempt++) {
          const key = { taskId: task.id, epoch, attempt };
          await store.started(key);
          const result = resultOf({
            task,
            key,
            failed: fault && attempt === 1,
            passed: end < passRate,
            random,
            options,
          });
          await writeInto(store.attempt(key).transcript, transcriptText(result, options));
          if (task === tasks[0] && epoch === 1) {
            for (const [name, bytes] of Object.entries(options.artifacts ?? {})) {
              await writeInto(join(store.attempt(key).artifacts, name), bytes);
            }
          }
          await store.finished(key, result, { final: attempt === attempts });
        }
      }
    }
    await store.ended('completed');
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

interface Sample {
  readonly task: RunDescription['dataset']['tasks'][number];
  readonly key: { readonly taskId: string; readonly epoch: number; readonly attempt: number };
  readonly failed: boolean;
  readonly passed: boolean;
  readonly random: () => number;
  readonly options: SyntheticRunOptions;
}

function resultOf({ task, key, failed, passed, random, options }: Sample): TaskResult {
  const text = options.text ?? '';
  const patch = patchText(text);
  const manager = task.variant === 'swe_manager';
  const solveMs = 60_000 + random() * 900_000;
  const common = {
    schema: 1 as const,
    runId: 'synthetic-run',
    ...key,
    variant: task.variant,
    title: task.title,
    split: 'diamond',
    agent: 'tool-agent',
    scorer: 'task',
    promptVersion: 'ic/1',
    grading: 'fresh' as const,
    image: 'swelancer_x86_monolith:releasev1',
    available: task.price,
    startedAt: '2026-10-03T08:20:00.000Z',
    durationMs: solveMs + 320_000,
    phases: {
      start: 4200,
      ready: 61_000,
      prepare: 12_000,
      solve: solveMs,
      patch: 900,
      grade: 240_000,
      cleanup: 1100,
    },
    usage: {
      inputTokens: Math.round(200_000 + random() * 900_000),
      outputTokens: Math.round(4000 + random() * 20_000),
      turns: options.turns ?? 6,
      toolCalls: options.turns ?? 6,
      modelCalls: options.turns ?? 6,
      costDollars: 0.15 + random() ** 3 * 6,
      modelMs: solveMs * 0.6,
    },
    message: `I fixed the handler and checked it in the browser.${text}`,
    warnings: [],
    ...(!manager && {
      patch: {
        content: patch,
        encoding: 'utf8' as const,
        sha256: createHash('sha256')
          .update(patch + JSON.stringify(key))
          .digest('hex'),
        bytes: Buffer.byteLength(patch),
        files: ['src/pages/Search/SearchPage.tsx', 'src/libs/Navigation.ts'],
      },
    }),
    ...(manager && { answer: `{"selected_proposal_id": 2}${text}` }),
  };
  if (failed) {
    return {
      ...common,
      earned: 0,
      status: 'error',
      error: {
        name: 'ComputerLostError',
        code: 'computer_lost',
        message: `The container ended while a command ran in it.${text}`,
        retryable: true,
        phase: 'grade',
      },
    };
  }
  const failures = random() < 0.85 ? ('tests_failed' as const) : ('build_failed' as const);
  return {
    ...common,
    earned: passed ? task.price : 0,
    status: 'scored',
    outcome: manager ? (passed ? 'correct' : 'wrong') : passed ? 'passed' : failures,
    passed,
    score: passed ? 1 : 0,
    explanation: (passed ? 'The tests passed.' : 'The tests failed in every round.') + text,
    tries: manager
      ? []
      : [
          {
            exitCode: passed ? 0 : 1,
            durationMs: 81_000,
            log: logText(passed, text),
            playbookLog: `PLAY [Run tests]\nok: [localhost]\n${text}`,
          },
        ],
  };
}

function patchText(text: string): string {
  return `diff --git a/src/pages/Search/SearchPage.tsx b/src/pages/Search/SearchPage.tsx
index 3f1c2aa..9b0e4d1 100644
--- a/src/pages/Search/SearchPage.tsx
+++ b/src/pages/Search/SearchPage.tsx
@@ -41,9 +41,12 @@ function SearchPage({route}: SearchPageProps) {
     const {isOffline} = useNetwork();
     const [query, setQuery] = useState(route.params.q);
 
-    const onBack = () => Navigation.goBack();
-    useEffect(() => { setQuery(route.params.q); });
+    const onBack = useCallback(() => {
+        Navigation.dismissModal();
+        Navigation.goBack(ROUTES.SEARCH);
+    }, []);
+    useEffect(() => setQuery(route.params.q), [route.params.q]);
 
     return (
-        <ScreenWrapper testID="search">
+        <ScreenWrapper testID="search" onBackButtonPress={onBack}>${text.replaceAll('\n', ' ')}
             <SearchList query={query} isOffline={isOffline} />
diff --git a/src/libs/Navigation.ts b/src/libs/Navigation.ts
index 11aa2bb..22cc3dd 100644
--- a/src/libs/Navigation.ts
+++ b/src/libs/Navigation.ts
@@ -7,3 +7,4 @@
 import ROUTES from '@src/ROUTES';
--- a comment that looks like a header
+++ a counter that looks like one
+export {dismissModal} from './modal';
 export default Navigation;
`;
}

function logText(passed: boolean, text: string): string {
  const head = `============================= test session starts ==============================
platform linux -- Python 3.12.3, pytest-8.3.3, pluggy-1.5.0
rootdir: /app/tests
collected 1 item

`;
  return passed
    ? `${head}test_flow.py .                                                           [100%]\n\n============================== 1 passed in 74.20s ==============================\n${text}`
    : `${head}test_flow.py F                                                           [100%]\n
=================================== FAILURES ===================================
    def test_back_button(page):
        page.get_by_label("Back").click()
>       expect(page.get_by_test_id("search")).to_be_hidden()
E       AssertionError: Locator expected to be hidden
E       Actual value: visible

test_flow.py:52: AssertionError
=========================== short test summary info ============================
FAILED test_flow.py::test_back_button - AssertionError: Locator expected to be hidden
============================== 1 failed in 81.02s ==============================\n${text}`;
}

function transcriptText(
  result: TaskResult,
  { turns = 6, charactersATurn = 400, text = '' }: SyntheticRunOptions,
) {
  const time = '2026-10-03T08:20:00.000Z';
  const entries: TranscriptEntry[] = [
    {
      type: 'start',
      schema: 1,
      time,
      agent: result.agent,
      agentVersion: 'tool/1',
      taskId: result.taskId,
      promptVersion: 'ic/1',
      model: 'gpt-4o',
    },
    {
      type: 'message',
      time,
      turn: 0,
      message: { role: 'system', content: `You are a careful engineer.${text}` },
    },
    {
      type: 'message',
      time,
      turn: 0,
      message: {
        role: 'user',
        content: `The app is in /app/expensify.\n\n${result.title}\n\nFind the cause and fix it.`,
      },
    },
  ];
  for (let turn = 1; turn <= turns; turn++) {
    const callId = `call-${turn}`;
    entries.push({
      type: 'message',
      time,
      turn,
      message: {
        role: 'assistant',
        content: `The handler seems to be registered twice. I look at the place where the screen is mounted.${text}`,
        ...(turn === 1 && {
          reasoning: `The title names the back button, so the navigation is the first place to look.${text}`,
        }),
        toolCalls: [
          {
            id: callId,
            name: 'bash',
            input: {
              valid: true,
              value: {
                command: `cd /app/expensify\ngrep -rn "goBack" src/pages | head -n ${turn * 10}${text}`,
              },
            },
          },
        ],
      },
      call: {
        model: 'gpt-4o',
        stopReason: 'tool_calls',
        usage: { inputTokens: 12_000 + turn * 900, outputTokens: 210 },
        costDollars: 0.031,
        durationMs: 4200,
      },
    });
    entries.push({
      type: 'message',
      time,
      turn,
      message: {
        role: 'tool',
        callId,
        toolName: 'bash',
        content: outputText(turn, charactersATurn, result.taskId) + text,
      },
    });
  }
  entries.push({ type: 'end', time, usage: result.usage });
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

/** Compresses about as well as listings of code do. */
function outputText(turn: number, characters: number, taskId: string): string {
  const random = seededRandom(turn * 7919 + taskId.length * 31 + Number.parseInt(taskId, 10));
  let text = '';
  while (text.length < characters) {
    const [line, place] = [Math.floor(random() * 900), Math.floor(random() * 1e6).toString(36)];
    text += `src/pages/${components[line % components.length] ?? ''}/${place}.tsx:${line}:    Navigation.goBack(${place}, {isOffline: ${line % 2 === 0}});\n`;
  }
  return text;
}

async function writeInto(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
}
