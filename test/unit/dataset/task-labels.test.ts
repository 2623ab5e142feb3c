import { describe, expect, it } from 'vitest';
import { DatasetError, readTaskLabels } from '../../../src/index.js';

async function* text(content: string) {
  yield await Promise.resolve(content);
}
const read = (content: string) => readTaskLabels(text(content), { name: 'labels' });

describe('a file of labels', () => {
  it('may be JSON with one category or several labels a task', async () => {
    const labels = await read(
      '{"16912_4": "UI/UX", "15193-manager-0": {"category": "Server side", "kind": "Bug fix"}}',
    );
    expect(labels.get('16912_4')).toEqual({ category: 'UI/UX' });
    expect(labels.get('15193-manager-0')).toEqual({ category: 'Server side', kind: 'Bug fix' });
  });

  it('may be CSV whose columns name the labels, and whose ids stay text', async () => {
    const labels = await read(
      '﻿task_id,category,kind\r\n0123,"Application logic, client",\n6883,UI/UX,Feature\n\n',
    );
    expect([...labels]).toEqual([
      ['0123', { category: 'Application logic, client' }],
      ['6883', { category: 'UI/UX', kind: 'Feature' }],
    ]);
  });

  it.each([
    ['{"1": 3}', '3 is no text'],
    ['{"1": "a"', 'JSON that is cut off'],
    ['id,category\n1,a', 'a header without task_id'],
    ['task_id\n1', 'no label'],
    ['task_id,category\n1,a\n1,b', 'a task twice'],
    ['task_id,category\n1,a,b', 'a row with too many cells'],
    ['', 'an empty file'],
  ])('is refused, by its name, for %s (%s)', async (content) => {
    const error: unknown = await read(content).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DatasetError);
    expect(String(error)).toContain('labels');
  });
});
