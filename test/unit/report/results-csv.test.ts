import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import type { ResultRecord } from '../../../src/index.js';
import { resultsCsv } from '../../../src/report/results-csv.js';
import { epochs, failed, scored } from '../../fixtures/results.js';

function parsed(records: readonly ResultRecord[]): Record<string, string>[] {
  return parse(resultsCsv(records), { columns: true });
}

describe('results.csv', () => {
  it("begins with upstream's columns, in upstream's order", () => {
    expect(resultsCsv([]).split(',').slice(0, 7)).toEqual([
      'question_id',
      'attempt_id',
      'correct',
      'input_tokens',
      'output_tokens',
      'reasoning_tokens',
      'earned',
    ]);
  });

  it('counts epochs from 0 where upstream does, and says true as pandas does', () => {
    expect(parsed(epochs('6883', '01', { available: 32_000 }))).toMatchObject([
      { question_id: '6883', attempt_id: '0', correct: 'False', earned: '0', epoch: '1' },
      { question_id: '6883', attempt_id: '1', correct: 'True', earned: '32000', epoch: '2' },
    ]);
  });

  it('leaves a cell empty where a number is unknown, and writes a known zero', () => {
    const [row] = parsed([scored('a', true, { usage: { inputTokens: 0 } })]);
    expect(row).toMatchObject({ input_tokens: '0', output_tokens: '', cost_dollars: '' });
  });

  it('tells a fault from a wrong answer', () => {
    expect(parsed([failed('a'), scored('b', false)])).toMatchObject([
      {
        correct: 'False',
        status: 'error',
        outcome: 'error',
        error_code: 'computer_lost',
        error_phase: 'solve',
      },
      { correct: 'False', status: 'scored', outcome: 'tests_failed', error_code: '' },
    ]);
  });

  it('brings back texts with quotes, commas and line breaks as they were', () => {
    const title = 'He said "no",\r\nand left\n— 中文';
    expect(parsed([scored('a', true, { title })])[0]?.['title']).toBe(title);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1+1', '＠SUM(A1)'])(
    'keeps %j from being a formula',
    (title) => {
      expect(parsed([scored('a', true, { title })])[0]?.['title']).toBe(`'${title}`);
    },
  );

  it('lists the exit codes of all rounds', () => {
    const tries = [1, null, 0].map((exitCode) => ({ exitCode, durationMs: 1 }));
    expect(parsed([scored('a', true, { tries })])[0]?.['test_exit_codes']).toBe('1 ? 0');
  });
});
