import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parsePythonLiteral,
  PythonLiteralError,
  type PythonValue,
} from '../../../src/dataset/python-literal.js';
import { isMissing } from '../../fixtures/system-need.js';

const pythonVersion = spawnSync('python3', ['--version'], { encoding: 'utf8' });
const hasPython = !isMissing(pythonVersion.status !== 0, 'Install python3.');

function failure(text: string): PythonLiteralError {
  try {
    parsePythonLiteral(text);
  } catch (error) {
    if (error instanceof PythonLiteralError) return error;
    throw error;
  }
  throw new Error(`${text} was read`);
}

/** A writer in the manner of `repr`, with the quote and the escapes chosen by the caller. */
function write(value: PythonValue, quote: string): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return writeNumber(value);
  if (typeof value === 'string') return quote + Array.from(value, (c) => escape(c, quote)).join('') + quote;
  if (value instanceof Map) {
    const entries = [...value] as [PythonValue, PythonValue][];
    return `{${entries.map(([key, item]) => `${write(key, quote)}: ${write(item, quote)}`).join(', ')}}`;
  }
  if (value instanceof Set) {
    const members = [...value] as PythonValue[];
    return members.length === 0 ? 'set()' : `{${members.map((item) => write(item, quote)).join(', ')}}`;
  }
  return `[${(value as readonly PythonValue[]).map((item) => write(item, quote)).join(', ')}]`;
}

function writeNumber(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  // An integer beyond 2^53 would be read as a bigint; Python writes such a float with a fraction.
  return Number.isInteger(value) && /^-?\d{16,}$/.test(String(value)) ? `${value}.0` : String(value);
}

function escape(character: string, quote: string): string {
  if (character === quote || character === '\\') return `\\${character}`;
  const code = character.codePointAt(0) ?? 0;
  if (code < 32 || code === 127) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code > 0xffff) return code % 2 === 0 ? character : `\\U${code.toString(16).padStart(8, '0')}`;
  if (code > 255) return code % 2 === 0 ? character : `\\u${code.toString(16).padStart(4, '0')}`;
  return character;
}

const text = fc.string({ unit: 'binary' });
const key = fc.oneof(text, fc.integer());
const { value: anyValue } = fc.letrec<{ value: PythonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.bigInt({ min: 2n ** 60n, max: 2n ** 80n }),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((entries) => new Map(entries)),
    fc.array(key, { maxLength: 5 }).map((members) => new Set(members)),
  ),
}));

describe('parsePythonLiteral', () => {
  it.each<[string, PythonValue]>([
    [`'it\\'s'`, "it's"],
    [`"say \\"hi\\""`, 'say "hi"'],
    [String.raw`'\n\r\t\\\a\b\f\v\0\101\x41\u2019\U0001f600'`, '\n\r\t\\\u0007\b\f\v\0AA\u2019\u{1f600}'],
    [String.raw`'\d keeps its backslash'`, '\\d keeps its backslash'],
    [`('a' "b"\n'c')`, 'abc'],
    [`'''two\nlines and a ' quote'''`, "two\nlines and a ' quote"],
    [`'''windows\r\nbreak'''`, 'windows\nbreak'],
    [`'joined \\\nline'`, 'joined line'],
    [String.raw`r'\n\''`, String.raw`\n\'`],
    [`u'text'`, 'text'],
    ['0', 0],
    ['-0', 0],
    ['1_000', 1000],
    ['0xFF', 255],
    ['0b101', 5],
    ['0o17', 15],
    ['+7', 7],
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n],
    ['1e3', 1000],
    ['.5', 0.5],
    ['5.', 5],
    ['1_0.2_5e-1_0', 10.25e-10],
    ['007.5', 7.5],
    ['[]', []],
    ['()', []],
    ['(1)', 1],
    ['(1,)', [1]],
    ['(1, 2, )', [1, 2]],
    ['{}', new Map()],
    ['set()', new Set()],
    ['{1, 2}', new Set([1, 2])],
    [
      `{'a': None, 'b': [True, False],}`,
      new Map<PythonValue, PythonValue>([
        ['a', null],
        ['b', [true, false]],
      ]),
    ],
    ['  [ 1 , # one\n 2 ]\n', [1, 2]],
    [`{'__proto__': 1}`, new Map([['__proto__', 1]])],
  ])('reads %j', (source, expected) => {
    expect(parsePythonLiteral(source)).toEqual(expected);
  });

  it.each([
    ['', 'expected a value, found the end', 1, 1],
    ['[1, 2', "expected ',' or ']'", 1, 6],
    ['[1\n 2]', "expected ',' or ']'", 2, 2],
    ['[1,,2]', 'expected a value', 1, 4],
    ["'open", 'not closed', 1, 1],
    ["['a\nb']", 'line break inside a string', 1, 4],
    ["b'x'", 'bytes', 1, 1],
    ["f'{x}'", 'f-string', 1, 1],
    ["ur'x'", 'not a prefix', 1, 1],
    [String.raw`'\N{BULLET}'`, 'named characters', 1, 2],
    [String.raw`'\x4'`, '2 hexadecimal digits', 1, 2],
    [String.raw`'\U00110000'`, 'beyond the last', 1, 2],
    ["'\\", 'escapes nothing', 1, 2],
    ['nan', 'the name nan', 1, 1],
    ['[inf]', 'the name inf', 1, 2],
    ['1e999', 'too large', 1, 1],
    ['1j', 'complex', 1, 1],
    ['007', 'must not start with a zero', 1, 1],
    ['1__0', 'not a number', 1, 1],
    ['--1', 'expected a number', 1, 1],
    ['-True', 'expected a number', 1, 1],
    ['1 2', 'after the value', 1, 3],
    ['{1: 2, 3}', "expected ':'", 1, 9],
    ['{[1]: 2}', 'cannot be a key', 1, 2],
    ['{{}}', 'cannot be a key', 1, 2],
    ['open("x")', 'the name open', 1, 1],
  ])('refuses %j and says where', (source, reason, line, column) => {
    const error = failure(source);
    expect(error.message).toContain(reason);
    expect([error.line, error.column]).toEqual([line, column]);
  });

  it('refuses an integer of 5000 digits, as CPython does', () => {
    expect(failure('1'.repeat(5000)).message).toContain('more than 4300 digits');
  });

  it('reads 200 levels and refuses more, however deep, without exhausting the stack', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parsePythonLiteral(nested(200))).toHaveLength(1);
    expect(failure(nested(201)).message).toContain('200 levels');
    expect(failure('{0:('.repeat(1_000_000)).message).toContain('200 levels');
  });

  it('reads back whatever a repr-like writer writes, in either quote', () => {
    fc.assert(
      fc.property(anyValue, fc.constantFrom("'", '"'), (value, quote) => {
        expect(parsePythonLiteral(write(value, quote))).toEqual(value);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives a value or a PythonLiteralError for any text, and nothing else', () => {
    const soup = fc
      .array(
        fc.oneof(
          fc.constantFrom('[', ']', '(', ')', '{', '}', ',', ':', "'", '"', '\\', '\n', '-', '.', '#', "'''"),
          fc.constantFrom('e', '_', 'x', 'r', 'None', 'set()', '0', '1', ' ', '\\u12', '\\x'),
          fc.string({ unit: 'binary', maxLength: 3 }),
        ),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(soup, (source) => {
        try {
          parsePythonLiteral(source);
        } catch (error) {
          expect(error).toBeInstanceOf(PythonLiteralError);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it.skipIf(!hasPython)('agrees with CPython on 3000 of its own reprs (skipped without python3)', () => {
    const lines = execFileSync('python3', ['-c', reprGenerator], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    const pairs = lines.trimEnd().split('\n');
    expect(pairs).toHaveLength(3000);
    for (const pair of pairs) {
      const [literal, json] = JSON.parse(pair) as [string, unknown];
      expect(toJson(parsePythonLiteral(literal)), literal).toEqual(json);
    }
  });

  it.skipIf(!hasPython)('accepts nothing that CPython refuses (skipped without python3)', () => {
    const atoms = [
      '1',
      '0',
      '-',
      '.',
      'e',
      '_',
      "'",
      '"',
      '\\',
      'a',
      '[',
      ']',
      '(',
      ')',
      '{',
      '}',
      ',',
      ':',
      ' ',
      '\n',
    ];
    const sources = fc.sample(
      fc.array(fc.constantFrom(...atoms), { minLength: 1, maxLength: 7 }).map((parts) => parts.join('')),
      { numRuns: 4000, seed: 1 },
    );
    const verdicts = JSON.parse(
      execFileSync('python3', ['-W', 'ignore', '-c', acceptance], {
        input: JSON.stringify(sources),
        encoding: 'utf8',
      }),
    ) as boolean[];
    const accepted = sources.filter((source, index) => {
      try {
        parsePythonLiteral(source);
        return !verdicts[index];
      } catch {
        return false;
      }
    });
    expect(accepted).toEqual([]);
  });
});

/** The same tagged form as the generator's `tag`, so that 1, 1.0, True and '1' stay apart. */
function toJson(value: PythonValue): unknown {
  if (typeof value === 'bigint') return ['int', value.toString()];
  if (typeof value === 'number') return ['number', value];
  if (value instanceof Map)
    return [
      'dict',
      [...(value as ReadonlyMap<PythonValue, PythonValue>)].map(([k, v]) => [toJson(k), toJson(v)]),
    ];
  if (value instanceof Set) return ['set', [...value].map(toJson)];
  if (Array.isArray(value)) return ['list', value.map(toJson)];
  return value;
}

const reprGenerator = `
import json, random
random.seed(7)
alphabet = list("abc '\\"\\\\\\n\\r\\t\\0\\x07\\x7f\\xa0\\u200d\\u2019\\u2028\\U0001f600") + ['\\\\n', "'''", '{', ']']
def text(): return ''.join(random.choice(alphabet) for _ in range(random.randint(0, 12)))
def number():
    return random.choice([lambda: random.randint(-10, 10), lambda: random.randint(-10**30, 10**30),
        lambda: random.uniform(-1, 1) * 10 ** random.randint(-300, 300), lambda: float(random.randint(-5, 5))])()
def value(depth):
    kind = random.randint(0, 8 if depth else 4)
    if kind <= 1: return text()
    if kind <= 3: return number()
    if kind == 4: return random.choice([None, True, False])
    count = random.randint(0, 4)
    if kind == 5: return [value(depth - 1) for _ in range(count)]
    if kind == 6: return tuple(value(depth - 1) for _ in range(count))
    if kind == 7: return {text(): value(depth - 1) for _ in range(count)}
    return {text() for _ in range(count)}
def tag(v):
    if v is None or isinstance(v, (bool, str)): return v
    if isinstance(v, int): return ['number', v] if abs(v) <= 2**53 - 1 else ['int', str(v)]
    if isinstance(v, float): return ['number', v]
    if isinstance(v, (list, tuple)): return ['list', [tag(x) for x in v]]
    if isinstance(v, dict): return ['dict', [[tag(k), tag(x)] for k, x in v.items()]]
    return ['set', [tag(x) for x in v]]
for _ in range(3000):
    v = value(4)
    print(json.dumps([repr(v), tag(v)]))
`;

const acceptance = `
import ast, json, sys
def ok(source):
    try: ast.literal_eval(source)
    except Exception: return False
    return True
print(json.dumps([ok(source.strip()) for source in json.load(sys.stdin)]))
`;
