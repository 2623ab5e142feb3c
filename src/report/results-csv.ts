import type { ResultRecord } from '../result/task-result.js';
import { outcomeName } from './outcome.js';

type Cell = string | number | boolean | undefined;

/**
 * One row a finished sample, by RFC 4180. Upstream's seven columns come first and mean what they mean there: `attempt_id` counts
 * epochs from 0, an error is not `correct`. What is unknown is an empty cell. A text that a spreadsheet would take for a
 * formula stands behind an apostrophe (https://owasp.org/www-community/attacks/CSV_Injection).
 */
export function resultsCsv(records: readonly ResultRecord[]): string {
  const rows = records.map((record) => columns.map(([, valueOf]) => cellText(valueOf(record))));
  return [columns.map(([name]) => name), ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

const columns: readonly (readonly [name: string, valueOf: (result: ResultRecord) => Cell])[] = [
  ['question_id', ({ taskId }) => taskId],
  ['attempt_id', ({ epoch }) => epoch - 1],
  ['correct', (result) => result.status === 'scored' && result.passed],
  ['input_tokens', ({ usage }) => usage.inputTokens],
  ['output_tokens', ({ usage }) => usage.outputTokens],
  ['reasoning_tokens', ({ usage }) => usage.reasoningTokens],
  ['earned', ({ earned }) => earned],
  ['available', ({ available }) => available],
  ['variant', ({ variant }) => variant],
  ['split', ({ split }) => split],
  ['status', ({ status }) => status],
  ['outcome', (result) => outcomeName(result)],
  ['epoch', ({ epoch }) => epoch],
  ['attempt', ({ attempt }) => attempt],
  ['ended_by_limit', ({ endedByLimit }) => endedByLimit],
  ['error_code', (result) => (result.status === 'error' ? result.error.code : undefined)],
  ['error_phase', (result) => (result.status === 'error' ? result.error.phase : undefined)],
  ['explanation', explanationOf],
  ['cost_dollars', ({ usage }) => usage.costDollars],
  ['cached_input_tokens', ({ usage }) => usage.cachedInputTokens],
  ['turns', ({ usage }) => usage.turns],
  ['model_calls', ({ usage }) => usage.modelCalls],
  ['tool_calls', ({ usage }) => usage.toolCalls],
  ['started_at', ({ startedAt }) => startedAt],
  ['duration_ms', ({ durationMs }) => Math.round(durationMs)],
  ['solve_ms', ({ phases }) => rounded(phases.solve)],
  ['grade_ms', ({ phases }) => rounded(phases.grade)],
  ['model_ms', ({ usage }) => rounded(usage.modelMs)],
  ['test_exit_codes', (result) => (result.status === 'scored' ? exitCodes(result.tries) : undefined)],
  ['patch_bytes', ({ patch }) => patch?.bytes],
  ['patch_files', ({ patch }) => patch && patch.files.length + (patch.filesLeftOut ?? 0)],
  ['patch_sha256', ({ patch }) => patch?.sha256],
  ['title', ({ title }) => title],
  ['agent', ({ agent }) => agent],
  ['scorer', ({ scorer }) => scorer],
  ['grading', ({ grading }) => grading],
  ['image', ({ image }) => image],
  ['run_id', ({ runId }) => runId],
];

function explanationOf(result: ResultRecord): string {
  if (result.status === 'scored') return result.explanation;
  return result.status === 'error' ? result.error.message : result.reason;
}

/** Such as `1 0`: the first round failed, the second passed. A round without a code: `?`. */
function exitCodes(tries: readonly { readonly exitCode: number | null }[]): string {
  return tries.map(({ exitCode }) => exitCode ?? '?').join(' ');
}

function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value);
}

function cellText(cell: Cell): string {
  if (cell === undefined) return '';
  // As pandas writes them.
  if (typeof cell === 'boolean') return cell ? 'True' : 'False';
  if (typeof cell === 'number') return String(cell);
  const text = /^[=+\-@＝＋－＠\t\r\n]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
