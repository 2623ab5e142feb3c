import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Dataset, goldLocations, isSourceFile } from '../../../src/index.js';
import { icTask, managerTask } from '../../fixtures/tasks.js';

const goldOf = (bugPatch: string | undefined) => goldLocations(icTask({ secrets: { bugPatch } }));

const edit = (path: string, hunks: string) =>
  `diff --git a/${path} b/${path}\nindex 1..2 100644\n--- a/${path}\n+++ b/${path}\n${hunks}`;

describe('the gold files of a bug patch', () => {
  it('are those it edits, as the agent sees their names', () => {
    const patch = [
      edit('src/A.ts', '@@ -1 +1 @@\n-a\n+b\n'),
      'diff --git a/src/Old.ts b/src/New.ts\nsimilarity index 90%\nrename from src/Old.ts\nrename to src/New.ts\n--- a/src/Old.ts\n+++ b/src/New.ts\n@@ -1 +1 @@\n-a\n+b\n',
      'diff --git a/src/Moved.ts b/src/Here.ts\nsimilarity index 100%\nrename from src/Moved.ts\nrename to src/Here.ts\n',
      'diff --git a/assets/logo.png b/assets/logo.png\nindex 1..2 100644\nBinary files a/assets/logo.png and b/assets/logo.png differ\n',
      'diff --git "a/src/f\\303\\251.ts" "b/src/f\\303\\251.ts"\n--- "a/src/f\\303\\251.ts"\n+++ "b/src/f\\303\\251.ts"\n@@ -1 +1 @@\n-a\n+b\n',
      edit('src/with space.ts', '@@ -1 +1 @@\n-a\n+b\n').replace(
        '+++ b/src/with space.ts',
        '+++ b/src/with space.ts\t',
      ),
    ].join('');
    expect(goldOf(patch)?.files).toEqual([
      'src/A.ts',
      'src/New.ts',
      'src/Here.ts',
      'assets/logo.png',
      'src/fé.ts',
      'src/with space.ts',
    ]);
  });

  it('are the same in a patch whose lines end as on Windows', () => {
    const patch = edit('src/A.ts', '@@ -1,2 +1,2 @@ function load() {\n-a\n+b\n c\n');
    expect(goldOf(patch)?.files).toEqual(['src/A.ts']);
    expect(goldOf(patch.replaceAll('\n', '\r\n'))).toEqual(goldOf(patch));
  });

  it.each(['yarn.lock', 'ios/Podfile.lock', 'src/.eslintrc.js'])('are not in %s', (path) =>
    expect(isSourceFile(path)).toBe(false),
  );

  it('are in a source file, whatever its folder is called', () => {
    for (const path of ['src/a.ts', 'src/lock/b.ts', 'a.b/c.ts']) expect(isSourceFile(path)).toBe(true);
  });

  it('are not those it adds or deletes, nor settings, lock files and tests', () => {
    const patch = [
      'diff --git a/.npmrc b/.npmrc\ndeleted file mode 100644\nindex 1..0\n--- a/.npmrc\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n',
      'diff --git a/inst.py b/inst.py\nnew file mode 100644\n--- /dev/null\n+++ b/inst.py\n@@ -0,0 +1 @@\n+a\n',
      'diff --git a/empty.patch b/empty.patch\nnew file mode 100644\nindex 0..0\n',
      edit('package-lock.json', '@@ -1 +1 @@\n-a\n+b\n'),
      edit('.env.example', '@@ -1 +1 @@\n-a\n+b\n'),
      edit('tests/unit/A.ts', '@@ -1 +1 @@\n-a\n+b\n'),
      edit('src/A.ts', '@@ -1 +1 @@\n-a\n+b\n'),
    ].join('');
    expect(goldOf(patch)?.files).toEqual(['src/A.ts']);
  });

  it.each([
    ['src/libs/TestUtils.ts', true],
    ['src/testing.ts', true],
    ['src/libs/__mocks__/x.ts', false],
    ['src/A.test.tsx', false],
    ['.github/workflows/a.yml', true],
  ])('take %s for a source file: %s', (path, source) => {
    expect(isSourceFile(path)).toBe(source);
  });

  it('are undefined where there is nothing to find', () => {
    expect(goldOf(undefined)).toBeUndefined();
    expect(goldOf('no diff at all')).toBeUndefined();
    expect(goldOf(edit('package-lock.json', '@@ -1 +1 @@\n-a\n+b\n'))).toBeUndefined();
    expect(goldLocations(managerTask())).toBeUndefined();
  });

  it('can be chosen by the caller', () => {
    const patch = edit('package-lock.json', '@@ -1 +1 @@\n-a\n+b\n');
    const task = icTask({ secrets: { bugPatch: patch } });
    expect(goldLocations(task, { counts: () => true })?.files).toEqual(['package-lock.json']);
  });
});

describe('the gold functions of a bug patch', () => {
  it.each([
    ['function signOut() {', 'signOut'],
    ['export default async function signOut(', 'signOut'],
    ['class ReportList extends Component {', 'ReportList'],
    ['const useHtmlPaste: UseHtmlPaste = (textInputRef, preHtmlPasteCallback, removeLi', 'useHtmlPaste'],
    ['export const load = async (id: string) => {', 'load'],
    ['const compare: (a: X, b: X) => number = (a, b) =>', 'compare'],
    ['const twice = value => value * 2;', 'twice'],
    ['const Button = React.forwardRef(', 'Button'],
    ['const CONST = {', undefined],
    ['type Values = {', undefined],
    ["import React from 'react';", undefined],
    ['Onyx.connect({', undefined],
    ['', undefined],
  ])('have from the heading "%s" the name %s', (heading, name) => {
    const gold = goldOf(edit('src/A.ts', `@@ -5 +5 @@ ${heading}\n-  a\n+  b\n`));
    expect(gold?.functions).toEqual(name === undefined ? [] : [`src/A.ts:${name}`]);
  });

  it('are those whose lines are changed, where a hunk shows the beginning of others', () => {
    const hunk = [
      '@@ -5,7 +5,7 @@ function above() {',
      '     return 1;',
      ' }',
      ' ',
      ' function changed() {',
      '-    return 2;',
      '+    return 3;',
      ' }',
      ' function below() {',
      '',
    ].join('\n');
    expect(goldOf(edit('src/A.ts', hunk))?.functions).toEqual(['src/A.ts:changed']);
  });

  it('are not those that the agent cannot see, because the patch takes them away', () => {
    const hunk = [
      '@@ -5,6 +5,4 @@ function above() {',
      ' }',
      '-function gone() {',
      '-    return 2;',
      '-}',
      ' function kept() {',
      '+    return 1;',
      ' }',
      '',
    ].join('\n');
    expect(goldOf(edit('src/A.ts', hunk))?.functions).toEqual(['src/A.ts:kept']);
  });

  it('are read to the end of a hunk whose lines look like the head of a file', () => {
    const hunk = '@@ -1,2 +1,2 @@ function sql() {\n--- a comment\n+++ another\n   b\n';
    const patch = edit('src/A.ts', hunk) + edit('src/B.ts', '@@ -1 +1 @@ function b() {\n-  a\n+  b\n');
    expect(goldOf(patch)).toEqual({
      files: ['src/A.ts', 'src/B.ts'],
      functions: ['src/A.ts:sql', 'src/B.ts:b'],
    });
  });
});

const issues = '../shared/data/issues';
describe.skipIf(!existsSync(issues))('the gold of real tasks', () => {
  it('is there for every one of them', async () => {
    const dataset = await Dataset.fromIssuesDirectory(issues);
    const gold = new Map(Array.from(dataset, (task) => [task.id, goldLocations(task)]));
    // Counted by hand from the patches.
    expect(Object.fromEntries([...gold].map(([id, found]) => [id, found?.files.length]))).toEqual({
      '14294': 1,
      '15108': 1,
      '15289_1': 1,
      '15321': 1,
      '15925': 2,
      '16912_4': 3,
      '17387_1': 3,
      '18157_893': 2,
      '18647_838': 5,
      '18659_831': 1,
      '18660_869': 2,
      '19023_868': 1,
      '19362_850': 2,
      '20672_1019': 5,
      '27353_776': 5,
    });
    expect(gold.get('18157_893')).toEqual({
      files: ['src/components/AddPaymentCard/PaymentCardForm.tsx', 'src/components/AddressForm.tsx'],
      functions: [
        'src/components/AddPaymentCard/PaymentCardForm.tsx:PaymentCardForm',
        'src/components/AddressForm.tsx:AddressForm',
      ],
    });
    // The heading of its hunk is getMemberInviteOptions; the changed line is in the function after it.
    expect(gold.get('17387_1')?.functions[0]).toBe('src/libs/OptionsListUtils.ts:getHeaderMessage');
  });
});
