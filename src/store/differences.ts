import { isDeepStrictEqual } from 'node:util';
import type { RunDescription } from './run-description.js';

/** What a run would mix up if it went on with another description, in words. The versions of packages are not part of it. */
export function differences(before: RunDescription, now: RunDescription): readonly string[] {
  const found: string[] = [];
  if (before.dataset.fingerprint !== now.dataset.fingerprint) found.push(datasetDifference(before, now));
  if (before.epochs !== now.epochs) found.push(`epochs was ${before.epochs} and is ${now.epochs}`);
  const [was, is] = [before.rescoredFrom?.runId, now.rescoredFrom?.runId];
  if (was !== is) found.push(`rescoredFrom was ${show(was)} and is ${show(is)}`);
  return [...found, ...settingDifferences(before, now)];
}

type Settings = Pick<RunDescription, 'agent' | 'scorer' | 'configuration'>;

/** What was set in another way, in words. */
export function settingDifferences(before: Settings, now: Settings): string[] {
  const found: string[] = [];
  for (const field of ['agent', 'scorer'] as const) {
    if (before[field] !== now[field]) found.push(`${field} was ${before[field]} and is ${now[field]}`);
  }
  return [...found, ...valueDifferences('', before.configuration, now.configuration)];
}

/** Each setting by its path, so that one of many is not lost in a long text. */
function valueDifferences(path: string, was: unknown, is: unknown): string[] {
  if (isDeepStrictEqual(was, is)) return [];
  if (!isObject(was) || !isObject(is)) return [`${path} was ${show(was)} and is ${show(is)}`];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((name) =>
    valueDifferences(path === '' ? name : `${path}.${name}`, was[name], is[name]),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function datasetDifference(before: RunDescription, now: RunDescription): string {
  const ids = new Set(before.dataset.tasks.map(({ id }) => id));
  const added = now.dataset.tasks.filter(({ id }) => !ids.has(id)).length;
  const removed = ids.size - (now.dataset.tasks.length - added);
  return added + removed === 0
    ? 'the tasks of the dataset were edited'
    : `the dataset has ${added} more and ${removed} fewer of its tasks`;
}

function show(value: unknown): string {
  const text = value === undefined ? 'not set' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
