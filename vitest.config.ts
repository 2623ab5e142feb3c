import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    // Examples import the package by its name; tests of them, and coverage, use the sources.
    alias: [
      { find: /^swelancer\/(docker|local|ssh|command|pool)$/, replacement: source('computer/$1/index.ts') },
      { find: /^swelancer\/(openai|anthropic|ai-sdk)$/, replacement: source('model/$1/index.ts') },
      { find: /^swelancer\/inspect$/, replacement: source('report/inspect/index.ts') },
      { find: /^swelancer\/bullmq$/, replacement: source('eval/bullmq/index.ts') },
      { find: /^swelancer\/terminal$/, replacement: source('report/terminal/index.ts') },
      { find: /^swelancer\/otel$/, replacement: source('telemetry/index.ts') },
      { find: /^swelancer\/(testing|report)$/, replacement: source('$1/index.ts') },
      { find: /^swelancer$/, replacement: source('index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // A guard against a hang, not a bar: what has to be quick is measured by `npm run bench`.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // Two cores: more workers only make the container tests wait for each other.
    maxWorkers: 2,
    typecheck: { enabled: true, include: ['test/**/*.test-d.ts'] },
  },
});
