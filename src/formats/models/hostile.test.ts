import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixtureBytes, inputOf } from '../../../tests/fixtures/formats/load';
import { StudioError } from '../../protocol/errors';
import { readLabelMap } from '../exports/labelShuffle';
import { writeStoredZip } from '../exports/storedZip';
import { readModel } from './readModel';

const FILES = [
  'state_zip.pth',
  'state_deflated.pth',
  'mixed_legacy.pth',
  'mixed.safetensors',
  'module_zip.pth',
  'numpy_weights.pkl',
];

/** Reads whatever the bytes are: a model, or a StudioError that names the file and is no inner failure. */
async function survives(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<void> {
  for (const read of [readModel, readLabelMap]) {
    try {
      await read(inputOf(bytes, name));
    } catch (error) {
      if (!(error instanceof StudioError)) throw error;
      expect(error.message).toContain(name);
      expect(error.message.length).toBeLessThan(600);
      if (error.code === 'file/unreadable')
        throw new Error(`not told: ${error.detail ?? ''}`, { cause: error });
    }
  }
}

describe('damaged files', () => {
  it.each(FILES)('%s cut at every region is told as a StudioError', async (name) => {
    const bytes = fixtureBytes(name);
    for (let k = 0; k < 40; k++) {
      const cut = bytes.slice(0, Math.floor((k * bytes.length) / 40));
      await expect(readModel(inputOf(cut, name))).rejects.toBeInstanceOf(StudioError);
    }
  });

  it.each(FILES)('%s with bytes changed, dropped and repeated never fails otherwise', async (name) => {
    const bytes = fixtureBytes(name);
    const at = fc.nat({ max: bytes.length - 1 });
    const edits = fc.array(fc.tuple(at, fc.nat({ max: 255 })), { minLength: 1, maxLength: 12 });
    const splice = fc.option(fc.tuple(at, fc.nat({ max: 64 }), fc.uint8Array({ maxLength: 16 })), {
      nil: null,
    });
    await fc.assert(
      fc.asyncProperty(edits, splice, async (changes, cut) => {
        const out = bytes.slice();
        for (const [place, value] of changes) out[place] = value;
        const [start, drop, add] = cut ?? [0, 0, new Uint8Array(0)];
        const parts = [out.subarray(0, start), add, out.subarray(start + drop)];
        await survives(new Uint8Array(await new Blob(parts).arrayBuffer()), name);
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it('a pickle of random instructions never fails otherwise', async () => {
    const code = fc.constantFrom(
      ...'NIJKMXUC()]}tadesu012RbcoiQqhrjpg.B',
      '\x80\x02',
      '\x85',
      '\x86',
      '\x87',
      '\x93',
      '\x94',
      '\x81',
    );
    const word = fc.constantFrom(
      'ctorch\nFloatStorage\n',
      'ctorch._utils\n_rebuild_tensor_v2\n',
      'ccollections\nOrderedDict\n',
      'cnumpy\ndtype\n',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(code, word), { maxLength: 60 }), async (parts) => {
        const pickle = Uint8Array.from(`\x80\x02${parts.join('')}.`, (c) => c.charCodeAt(0));
        await survives(writeStoredZip([{ name: 'a/data.pkl', bytes: pickle }]), 'random.pth');
      }),
      { numRuns: 400, seed: 2 },
    );
  });
});

/** A torch.save archive with this pickle and one storage. */
function archive(pickle: string, storage = new Uint8Array(16)): Uint8Array<ArrayBuffer> {
  return writeStoredZip([
    { name: 'a/data.pkl', bytes: Uint8Array.from(pickle, (c) => c.charCodeAt(0)) },
    { name: 'a/data/0', bytes: storage },
  ]);
}

/** `{'w': tensor}` with the numel, size and stride as protocol-0 integers. */
function tensorPickle(numel: number, size: string, stride: string): string {
  const id = `(S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nI${numel}\ntQ`;
  return `}S'w'\nctorch._utils\n_rebuild_tensor_v2\n(${id}I0\n(${size}t(${stride}tI00\nNtRs.`;
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function failure(bytes: Uint8Array<ArrayBuffer>): Promise<StudioError> {
  try {
    await readModel(inputOf(bytes, 'evil.pth'));
  } catch (error) {
    if (error instanceof StudioError) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('files made to harm', () => {
  it('a view that repeats one value without end takes no memory', async () => {
    const bytes = archive(tensorPickle(4, 'I100000\nI100000\n', 'I0\nI0\n'));
    expect(await failure(bytes)).toMatchObject({ code: 'file/too-large' });
  });

  it('a storage shorter than its tensor', async () => {
    const bytes = archive(tensorPickle(5, 'I5\n', 'I1\n'));
    expect(await failure(bytes)).toMatchObject({ code: 'format/malformed' });
  });

  it('a storage that claims an impossible size', async () => {
    const bytes = archive(tensorPickle(2 ** 52, `I${2 ** 52}\n`, 'I1\n'));
    expect(await failure(bytes)).toMatchObject({ code: 'file/too-large' });
  });

  it('a storage that is missing', async () => {
    const bytes = archive(tensorPickle(4, 'I4\n', 'I1\n').replace("S'0'", "S'../../etc'"));
    expect(await failure(bytes)).toMatchObject({ code: 'format/malformed' });
  });

  it('lists nested a million deep, and dicts that hold themselves', async () => {
    expect(await failure(archive(`${']'.repeat(500_000)}${'a'.repeat(499_999)}.`))).toBeInstanceOf(
      StudioError,
    );
    expect(await failure(archive(`}p0\nS'model'\ng0\nsS'state_dict'\ng0\ns.`))).toMatchObject({
      code: 'file/foreign',
    });
  });

  it('modules that share a submodule at every level, 2^60 paths in all', async () => {
    const module = "(ia\nM\n(dS'_modules'\n(d";
    let text = '(ia\nLeaf\n';
    for (let level = 0; level < 60; level++)
      text = `${text}p${level}\n0${module}S'a'\ng${level}\nsS'b'\ng${level}\nssb`;
    expect(await failure(archive(`${text}.`))).toMatchObject({ code: 'file/foreign' });
  });

  it('a deflated part that unpacks to more than it declares', async () => {
    const zeros = new Uint8Array(1_000_000);
    const deflated = await deflate(zeros);
    const whole = writeStoredZip([{ name: 'a/data.pkl', bytes: deflated }]);
    const view = new DataView(whole.buffer);
    const central = whole.length - 22 - 46 - 'a/data.pkl'.length;
    view.setUint16(8, 8, true);
    view.setUint16(central + 10, 8, true);
    for (const declared of [1000, 3_000_000_000]) {
      view.setUint32(22, declared, true);
      view.setUint32(central + 24, declared, true);
      expect(['file/too-large', 'format/malformed']).toContain((await failure(whole)).code);
    }
  });

  it('an honest zip bomb is refused by its ratio before it is unpacked', async () => {
    const zeros = new Uint8Array(90 * 2 ** 20);
    const deflated = await deflate(zeros);
    const whole = writeStoredZip([{ name: 'a/data.pkl', bytes: deflated }]);
    const view = new DataView(whole.buffer);
    const central = whole.length - 22 - 46 - 'a/data.pkl'.length;
    view.setUint16(8, 8, true);
    view.setUint16(central + 10, 8, true);
    view.setUint32(22, zeros.length, true);
    view.setUint32(central + 24, zeros.length, true);
    expect(await failure(whole)).toMatchObject({ code: 'file/too-large' });
  });
});
