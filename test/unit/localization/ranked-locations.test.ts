import { describe, expect, it } from 'vitest';
import { parseRankedLocations } from '../../../src/index.js';

const parse = (answer: string) => parseRankedLocations(answer, '/app/expensify');

describe('a list of places', () => {
  it('has one a line, in its order, with a function behind a colon', () => {
    expect(parse('src/A.ts:load\nsrc/B.tsx\n')).toEqual([
      { path: 'src/A.ts', function: 'load' },
      { path: 'src/B.tsx' },
    ]);
  });

  it.each([
    ['- src/A.ts', 'src/A.ts'],
    ['1. `src/A.ts`', 'src/A.ts'],
    ['2) "./src/A.ts",', 'src/A.ts'],
    ['/app/expensify/src/A.ts', 'src/A.ts'],
    ['/tmp/run-1/app/expensify/src/A.ts', 'src/A.ts'],
    ['src\\libs\\A.ts', 'src/libs/A.ts'],
    ['src/libs/../A.ts', 'src/A.ts'],
    ['src/A.ts:120', 'src/A.ts'],
    ['src/A.ts: 120', 'src/A.ts'],
    ['src/A.ts#L10-L20', 'src/A.ts'],
    ['Here is my list:\nsrc/A.ts', 'src/A.ts'],
    ['```\nsrc/A.ts\n```', 'src/A.ts'],
  ])('may be written as %j', (answer, path) => {
    expect(parse(answer)).toEqual([{ path }]);
  });

  it.each([
    'src/A.ts::load',
    'src/A.ts#load',
    'src/A.ts:12:load',
    'src/A.ts:load()',
    'src/A.ts: load',
    'src/A.ts : load()',
    '1. `src/A.ts`: `load`',
    '/app/expensify/src/A.ts:  load',
    'Look here:\nsrc/A.ts: load',
    '["src/A.ts:load"]',
    '```json\n{"files": [{"path": "src/A.ts", "function": "load"}]}\n```',
    '[{"file": "src/A.ts", "function": "load.inner"}]',
    '{"path": "src/A.ts", "function": "load"}',
    '"src/A.ts:load"',
    'Files:\nsrc/A.ts:load',
    'Answer:\n\n1. src/A.ts:load',
  ])('names a function in %j', (answer) => {
    expect(parse(answer)).toEqual([{ path: 'src/A.ts', function: 'load' }]);
  });

  it.each([
    '',
    'I could not find it.',
    'Answer: below',
    'e.g.: load',
    'src/A.ts: I do not know',
    '{}',
    '[]',
    '[1, null, {"name": "x"}]',
    '42',
    '../../etc/passwd',
    '.',
  ])('is none in %j', (answer) => {
    expect(parse(answer)).toBeUndefined();
  });
});
