import { describe, expect, it } from 'vitest';
import { expectedGroup, fixtureBytes } from '../../../tests/fixtures/formats/load';
import { unpickle, unpickleAt } from './pickle';
import { NdArray, Opaque, type PickleValue, StorageRef, TensorRef } from './pickleValues';

const hooks = { name: 'a.pkl' };

/** Bytes from letters and numbers, as a pickle is written. */
function bytes(...parts: (string | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part].map((c) => c.charCodeAt(0)))),
  );
}

function read(...parts: (string | number)[]): PickleValue {
  return unpickle(bytes(...parts), hooks);
}

function codeOf(...parts: (string | number)[]): unknown {
  try {
    read(...parts);
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'no error';
}

describe('values', () => {
  it('reads numbers of every protocol', () => {
    expect(read('I42\n.')).toBe(42);
    expect(read('I01\n.')).toBe(true);
    expect(read('L-7L\n.')).toBe(-7);
    expect(read('F2.5\n.')).toBe(2.5);
    expect(read('F-inf\n.')).toBe(-Infinity);
    expect(read('J', 0xff, 0xff, 0xff, 0xff, '.')).toBe(-1);
    expect(read('M', 0x01, 0x02, '.')).toBe(513);
    expect(read('G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, '.')).toBe(1.5);
    expect(read(0x8a, 2, 0x00, 0x80, '.')).toBe(-32768);
    expect(read(0x8a, 0, '.')).toBe(0);
    expect(read(0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x40, '.')).toBe(2n ** 62n);
  });

  it('reads strings, with escapes and Python 2 bytes', () => {
    expect(read("S'a\\x41\\n\\'b\\\\'\n.")).toBe("aA\n'b\\");
    expect(read('U', 2, 0xe9, 0x80, '.')).toBe('\u00e9\u0080');
    expect(read('X', 3, 0, 0, 0, 0xe2, 0x82, 0xac, '.')).toBe('€');
    expect(read('V\\u20ac!\n.')).toBe('€!');
    expect(read('C', 2, 1, 2, '.')).toEqual(Uint8Array.of(1, 2));
  });

  it('reads containers, memo and byte-string keys', () => {
    expect(
      read(0x80, 4, '}(', 'C', 4, 'data', 'K', 1, 0x8c, 1, 'b', ']', 0x94, '(K', 2, 'h', 0, 'eu.'),
    ).toEqual(
      new Map<PickleValue, PickleValue>([
        ['data', 1],
        ['b', expect.any(Array) as unknown as PickleValue],
      ]),
    );
    expect(read('(K', 1, 'K', 2, 't.')).toEqual([1, 2]);
    expect(read('K', 1, 'K', 2, 'K', 3, 0x87, '.')).toEqual([1, 2, 3]);
    expect(read(0x8f, '(K', 1, 'K', 1, 0x90, '.')).toEqual(new Set([1]));
    expect(read('ccollections\nOrderedDict\n]', 'X', 1, 0, 0, 0, 'a', 'K', 5, 0x86, 'a', 0x85, 'R.')).toEqual(
      new Map([['a', 5]]),
    );
    expect(read('K', 1, '(', 'K', 2, '1.')).toBe(1);
  });

  it('says where a pickle ends', () => {
    expect(unpickleAt(bytes('K', 1, '.K', 2, '.'), 3, hooks)).toEqual({ value: 2, end: 6 });
  });

  it('reads a Python 2 CIFAR batch', () => {
    const batch = unpickle(fixtureBytes('cifar_py2.pkl'), hooks);
    if (!(batch instanceof Map)) expect.fail('no dict');
    const want = expectedGroup<{
      data: { sum: number; weighted: number; shape: number[] };
      labels: number[];
    }>('cifar_py2');
    const data = batch.get('data');
    if (!(data instanceof NdArray)) expect.fail('no array');
    expect(data.shape).toEqual(want.data.shape);
    expect(data.dtype.code).toBe('u1');
    expect(data.bytes.reduce((sum, value) => sum + value, 0)).toBe(want.data.sum);
    expect(data.bytes.reduce((sum, value, i) => sum + value * (i + 1), 0)).toBe(want.data.weighted);
    expect(batch.get('labels')).toEqual(want.labels);
    expect(batch.get('filenames')).toEqual(['leptodactylus_s_000004.png', 'camion_s_000148.png']);
  });
});

describe('objects', () => {
  it('keeps what it does not know as an opaque object and runs nothing', () => {
    const seen: string[] = [];
    const object = unpickle(bytes('cmy.module\nThing\n(K', 1, 'tR}X', 1, 0, 0, 0, 'aK', 2, 'sb.'), {
      ...hooks,
      onOpaque: (name) => seen.push(name),
    });
    if (!(object instanceof Opaque)) expect.fail('not opaque');
    expect([object.opaque, object.args, object.state]).toEqual(['my.module.Thing', [1], new Map([['a', 2]])]);
    expect(seen).toEqual(['my.module.Thing']);
  });

  it.each([
    'os system', 'posix system', 'nt system', 'subprocess Popen', 'builtins eval', '__builtin__ execfile', 'builtins getattr',
    'builtins __import__', 'os.path join', 'importlib import_module', 'sys exit', 'operator attrgetter', 'socket socket',
    'runpy run_path', 'torch.hub load', 'torch load', 'types FunctionType', 'shutil rmtree', 'pickle loads', 'builtins eval.__call__',
  ])('refuses %s in every spelling', (name) => {
    const [module = '', attribute = ''] = name.split(' ');
    const stackGlobal = [0x8c, module.length, module, 0x8c, attribute.length, attribute, 0x93];
    expect(codeOf(`c${module}\n${attribute}\n)R.`)).toBe('format/forbidden-opcode');
    expect(codeOf(...stackGlobal, ')R.')).toBe('format/forbidden-opcode');
    expect(codeOf(`(i${module}\n${attribute}\n.`)).toBe('format/forbidden-opcode');
    expect(codeOf(`(c${module}\n${attribute}\no.`)).toBe('format/forbidden-opcode');
    expect(codeOf(`c${module}\n${attribute}\n)`, 0x81, '.')).toBe('format/forbidden-opcode');
  }); // prettier-ignore

  it('does not reach JavaScript through names', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(read(`ctorch\n${name}\n.`)).toBeInstanceOf(Opaque);
      expect(read('}', 'X', name.length, 0, 0, 0, name, 'K', 1, 's.')).toEqual(new Map([[name, 1]]));
    }
  });
});

describe('tensors', () => {
  const load = (args: (string | number)[]): PickleValue =>
    unpickle(bytes('ctorch._utils\n_rebuild_tensor_v2\n(', "S'k'\nQ", ...args, 'tR.'), {
      ...hooks,
      persistentLoad: () => new StorageRef('0', 'float32', 12, 0),
    });

  it('keeps a view that lies in its storage', () => {
    const tensor = load(['K', 2, 'K', 2, 'K', 5, 0x86, 'K', 5, 'K', 1, 0x86]);
    expect(tensor).toBeInstanceOf(TensorRef);
  });

  it.each([
    ['one element beyond the end', ['K', 3, 'K', 2, 'K', 5, 0x86, 'K', 5, 'K', 1, 0x86]],
    ['a negative stride', ['K', 5, 'K', 2, 0x85, 'J', 255, 255, 255, 255, 0x85]],
    ['a negative size', ['K', 0, 'J', 255, 255, 255, 255, 0x85, 'K', 1, 0x85]],
    ['a negative offset', ['J', 255, 255, 255, 255, 'K', 1, 0x85, 'K', 1, 0x85]],
    ['sizes whose product passes 2^53', ['K', 0, '(', ...Array<(string | number)[]>(8).fill(['J', 255, 255, 255, 127]).flat(), 't', '(', ...Array<(string | number)[]>(8).fill(['K', 0]).flat(), 't']],
    ['a shape without strides', ['K', 0, 'K', 2, 0x85, ')']],
    ['a fractional size', ['K', 0, 'F1.5\n', 0x85, 'K', 1, 0x85]],
  ] as [string, (string | number)[]][])('refuses %s', (_what, args) => {
    expect(() => load(args)).toThrow(expect.objectContaining({ code: 'format/malformed' }) as Error);
  }); // prettier-ignore
});

describe('hostile pickles', () => {
  it.each([
    ['nothing', []],
    ['no STOP', ['K', 1]],
    ['a string beyond the end', ['X', 255, 255, 255, 127, 'a']],
    ['an 8-byte length beyond the end', [0x8e, 255, 255, 255, 255, 255, 255, 255, 255]],
  ] as [string, (string | number)[]][])('%s is a cut-off file', (_what, parts) => {
    expect(codeOf(...parts)).toBe('file/truncated');
  });

  it.each([
    ['an unknown opcode', [0xff, '.']],
    ['STOP on an empty stack', ['.']],
    ['a group that never began', ['t.']],
    ['a memo entry that was never stored', ['h', 3, '.']],
    ['an append to a number', ['K', 1, 'K', 2, 'a.']],
    ['an odd number of dict items', ['}(K', 1, 'u.']],
    ['a call of a number', ['K', 1, ')R.']],
    ['marks without end', ['('.repeat(20_000), '.']],
    ['a stack without end', ['N'.repeat(2 ** 20 + 2), '.']],
    ['a negative memo index', ['K', 1, 'p-1\n.']],
  ] as [string, (string | number)[]][])('%s is malformed', (_what, parts) => {
    expect(codeOf(...parts)).toBe('format/malformed');
  });

  it('stops an encode bomb: one string turned to bytes again and again', () => {
    const text = 'a'.repeat(60_000);
    const head = ['c_codecs\nencode\nq', 0, 'X', 0x60, 0xea, 0, 0, text, 'q', 1, '0'];
    expect(codeOf(...head, '0', `h\x00h\x01\x85R0`.repeat(5000), 'N.')).toBe('format/malformed');
  });

  it('stops a pickle that makes objects without end', () => {
    expect(codeOf(']', `(${'\x8f'.repeat(1_000_000)}e`.repeat(2), '.')).toBe('format/malformed');
  });

  it('stops a pickle of endless instructions', () => {
    expect(codeOf('N', '20'.repeat(6_000_000), '.')).toBe('format/malformed');
  });

  it('refuses absurd integers, extensions and outside data', () => {
    expect(codeOf(0x8b, 0, 0, 0, 1, '.')).toBe('format/unsupported');
    expect(codeOf(0x82, 1, '.')).toBe('format/unsupported');
    expect(codeOf('N', 0x97, '.')).toBe('format/unsupported');
    expect(codeOf('NQ.')).toBe('format/unsupported');
    expect(codeOf(0x80, 9, '.')).toBe('format/unsupported');
  });
});
