import { cp } from 'node:fs/promises';
import { defineConfig } from 'tsup';

/** One entry for each subpath of package.json's exports. */
const entry = {
  index: 'src/index.ts',
  docker: 'src/computer/docker/index.ts',
  local: 'src/computer/local/index.ts',
  ssh: 'src/computer/ssh/index.ts',
  command: 'src/computer/command/index.ts',
  pool: 'src/computer/pool/index.ts',
  testing: 'src/testing/index.ts',
  openai: 'src/model/openai/index.ts',
  anthropic: 'src/model/anthropic/index.ts',
  'ai-sdk': 'src/model/ai-sdk/index.ts',
  inspect: 'src/report/inspect/index.ts',
  report: 'src/report/index.ts',
  terminal: 'src/report/terminal/index.ts',
  otel: 'src/telemetry/index.ts',
  bullmq: 'src/eval/bullmq/index.ts',
};

export default defineConfig({
  entry,
  format: 'esm',
  target: 'node20',
  // Shared chunks keep one copy of every class, so `instanceof` holds across subpaths.
  splitting: true,
  sourcemap: true,
  clean: true,
  dts: true,
  // What reports put into a browser is read beside the bundle, as it is beside its source.
  onSuccess: () =>
    cp('src/report/html/page', 'dist/page', {
      recursive: true,
      filter: (path) => !path.endsWith('tsconfig.json'),
    }),
});
