import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeClean, decodeFaithful, TextDecodingError } from '../../../src/dataset/index.js';
import { isMissing } from '../../fixtures/system-need.js';

const hasPython = !isMissing(spawnSync('python3', ['--version']).status !== 0, 'Install python3.');

describe('decodeClean', () => {
  it('turns backslash-n and backslash-r into line breaks and nothing else', () => {
    expect(decodeClean('a\\nb\\r\\nc\\rd \\t \\d \\x41 \\u0041 ’ \t')).toBe(
      'a\nb\nc\nd \\t \\d \\x41 \\u0041 ’ \t',
    );
  });
});

describe('decodeFaithful', () => {
  it.each([
    ['’', 'â\u0080\u0099'],
    ['a\\nb', 'a\nb'],
    ['\\bold \\1 \\0 \\101 \\777', '\bold \u0001 \0 A \u01ff'],
    ['\\B \\w \\d \\s \\* stay', '\\B \\w \\d \\s \\* stay'],
    ['\\x41\\u2019\\U0001f600', 'A’😀'],
    ['gone\\\nbreak', 'gonebreak'],
    ['\\’', '\\â\u0080\u0099'],
  ])('reads %j as upstream does', (column, expected) => {
    expect(decodeFaithful(column)).toBe(expected);
  });

  it.each(['\\', 'a\\', '\\x4', '\\xzz', '\\u12', '\\U00110000', '\\N{BULLET}'])('refuses %j', (column) => {
    expect(() => decodeFaithful(column)).toThrow(TextDecodingError);
  });

  it.skipIf(!hasPython)('agrees with CPython on 4000 random texts (skipped without python3)', () => {
    const pieces = fc.oneof(
      fc.constantFrom(
        '\\',
        '\\\\',
        '\\n',
        '\\x',
        '\\u',
        '\\U0000',
        '\\0',
        '\n',
        '\r',
        "'",
        '"',
        '’',
        '\u00e9',
        '😀',
      ),
      fc.constantFrom('a', 'b', 'f', 'v', '1', '7', '8', '41', '0041'),
      fc.string({ maxLength: 3 }),
    );
    const columns = fc.sample(
      fc.array(pieces).map((parts) => parts.join('')),
      { numRuns: 4000, seed: 3 },
    );
    const program = `
import json, sys
def decode(s):
    try: return s.encode('utf-8').decode('unicode_escape')
    except UnicodeDecodeError: return None
print(json.dumps([decode(s) for s in json.load(sys.stdin)]))`;
    const expected = JSON.parse(
      execFileSync('python3', ['-W', 'ignore', '-c', program], {
        input: JSON.stringify(columns),
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      }),
    ) as (string | null)[];
    expect(expected.filter((text) => text !== null).length).toBeGreaterThan(1000);
    expect(columns.map(decodeOrNull)).toEqual(expected);
  });
});

function decodeOrNull(column: string): string | null {
  try {
    return decodeFaithful(column);
  } catch {
    return null;
  }
}
