// Writes etc/<subpath>.api.md for each export of package.json from its built types, or with --check fails when one differs,
// so that a changed public type is seen in review. Run `npm run build` before.
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isCheck = process.argv.includes('--check');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.entries(exports).flatMap(([subpath, { types }]) =>
  types === undefined
    ? []
    : [{ name: subpath === '.' ? 'index' : subpath.slice(2), file: join(root, types) }],
);

mkdirSync(join(root, 'etc'), { recursive: true });
const configurations = entries.map(({ name, file }) =>
  ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: file,
      compiler: { tsconfigFilePath: join(root, 'tsconfig.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: join(root, 'etc'),
        reportTempFolder: join(root, '.cache', 'api'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'error' } },
        extractorMessageReporting: { default: { logLevel: 'none' } },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
      newlineKind: 'lf',
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  }),
);
const [first] = configurations;
const compilerState = CompilerState.create(first, { additionalEntryPoints: entries.map(({ file }) => file) });
const changed = configurations.filter((configuration) => {
  const { apiReportChanged, errorCount } = Extractor.invoke(configuration, {
    compilerState,
    localBuild: !isCheck,
    messageCallback: (message) => {
      message.handled ||= message.logLevel !== ExtractorLogLevel.Error;
    },
  });
  return isCheck ? apiReportChanged || errorCount > 0 : errorCount > 0;
});
if (changed.length > 0) {
  const names = changed.map(({ reportFilePath }) => reportFilePath.slice(root.length + 1)).join(', ');
  console.error(
    `The public types differ from ${names}. Run npm run api, and look at what changed before you commit it.`,
  );
  process.exit(1);
}
