import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { DatasetError } from './errors.js';
import { readSource, sourceName, type TaskSource, type TaskSourceOptions } from './task-source.js';

/** For each task id its labels, such as `{ category: 'Application logic', kind: 'Bug fix' }`. */
export type TaskLabels = ReadonlyMap<string, Readonly<Record<string, string>>>;

const text = z.string().trim().min(1);
const jsonSchema = z.record(z.string(), z.union([text, z.record(z.string(), text)]));

/**
 * Reads a file of labels: the benchmark's data names no categories, though its paper reports them.
 * JSON: task ids with a text, which is the label `category`, or with an object of several labels.
 * CSV: a header whose first column is `task_id` or `question_id` and whose others name labels; an empty cell is none.
 *
 * @throws DatasetError that says what is wrong with the file.
 */
export async function readTaskLabels(
  source: TaskSource,
  options: TaskSourceOptions = {},
): Promise<TaskLabels> {
  const name = sourceName(source, options);
  let content = '';
  for await (const chunk of readSource(source, options)) content += chunk;
  return content.trimStart().startsWith('{') ? fromJson(content, name) : fromCsv(content, name);
}

function fromJson(content: string, name: string): TaskLabels {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new DatasetError(`${name} begins like JSON and is none: ${messageOf(error)}`, [], { cause: error });
  }
  const checked = jsonSchema.safeParse(value);
  if (!checked.success) {
    throw new DatasetError(
      `${name} is not a file of labels: task ids with a text, or with an object of texts, were expected.`,
      checked.error.issues.map(({ path, message }) => ({ taskId: String(path[0]), reason: message })),
    );
  }
  return new Map(
    Object.entries(checked.data).map(([id, labels]) => [
      id,
      typeof labels === 'string' ? { category: labels } : labels,
    ]),
  );
}

function fromCsv(content: string, name: string): TaskLabels {
  let rows: string[][];
  try {
    rows = parse(content, {
      record_delimiter: ['\r\n', '\n'],
      bom: true,
      skip_empty_lines: true,
      trim: true,
    });
  } catch (error) {
    throw new DatasetError(`${name} is not a CSV of labels: ${messageOf(error)}`);
  }
  const [header = [], ...lines] = rows;
  const [first, ...columns] = header;
  if ((first !== 'task_id' && first !== 'question_id') || columns.length === 0) {
    throw new DatasetError(
      `${name} is not a CSV of labels: its header must begin with task_id and name at least one label. It is: ${header.join(', ').slice(0, 300)}.`,
    );
  }
  const labels = new Map<string, Record<string, string>>();
  for (const [id = '', ...cells] of lines) {
    if (labels.has(id)) throw new DatasetError(`${name} labels the task ${id} twice.`);
    const pairs = columns.map((column, index) => [column, cells[index] ?? ''] as const);
    labels.set(id, Object.fromEntries(pairs.filter(([, value]) => value !== '')));
  }
  return labels;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
