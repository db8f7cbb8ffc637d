import { beforeEach, describe, expect, it } from 'vitest';
import { blackBoxSchema } from '../protocol/blackBox';
import { experimentSchema } from '../protocol/experiment';
import { mostImages } from './blackBoxQuestions';
import {
  blackBoxProblem,
  chooseBlackBox,
  chooseSource,
  isSurrogate,
  labelOf,
  leaveBlackBox,
  readStoredBlackBox,
  takeBlackBoxFile,
  typeAddress,
  useBlackBoxStore,
} from './blackBoxStore';
import { setField, useDraftStore } from './draftStore';
import { withLoaded } from './loadedPaths';
import { useModelStore } from './modelStore';
import { NO_FILE } from './presets';

const draft = () => useDraftStore.getState().experiment;
const box = () => draft().model.blackBox;

beforeEach(() => {
  useBlackBoxStore.setState(useBlackBoxStore.getInitialState(), true);
  useDraftStore.setState(useDraftStore.getInitialState(), true);
  useModelStore.setState(useModelStore.getInitialState(), true);
});

describe('the choice of a black box', () => {
  it('keeps the draft valid and what was set, over file, address and back to weights', () => {
    chooseBlackBox();
    expect(box()).toMatchObject({ path: NO_FILE, url: null });
    expect(blackBoxProblem(box()!, null)).toBe('Choose the ONNX file of the black box first.');
    setField('model.blackBox.distil.width', 4);
    takeBlackBoxFile('box.onnx');
    expect(blackBoxProblem(box()!, 'box.onnx')).toBeNull();
    chooseSource('address');
    expect(labelOf(box()!)).toBe('');
    expect(blackBoxProblem(box()!, 'box.onnx')).toBe('Type the address of the black box first.');
    typeAddress(' https://example.org/ask ');
    expect(box()).toMatchObject({ path: null, url: 'https://example.org/ask', distil: { width: 4 } });
    typeAddress('x'.repeat(5000));
    typeAddress('https://example.org/ask');
    chooseSource('file');
    expect(box()).toMatchObject({ path: 'box.onnx', url: null });
    chooseSource('address');
    expect(box()?.url).toBe('https://example.org/ask');
    leaveBlackBox();
    expect(draft().model).toMatchObject({ path: NO_FILE, blackBox: null });
    chooseBlackBox();
    expect(box()).toMatchObject({ url: 'https://example.org/ask', distil: { width: 4 } });
    expect(experimentSchema.safeParse(draft()).success).toBe(true);
  });

  it('names the file that is loaded, and gives way to a model that is', () => {
    const model = { ...draft().model, path: null, blackBox: blackBoxSchema.parse({ path: 'far/box.onnx' }) };
    const experiment = { ...draft(), model };
    expect(withLoaded(experiment).model.blackBox?.path).toBe('far/box.onnx');
    takeBlackBoxFile('box.onnx');
    expect(withLoaded(experiment).model).toMatchObject({ path: null, blackBox: { path: 'box.onnx' } });
    useModelStore.setState({ summary: { fileName: 'a.pth' } as never });
    expect(withLoaded(experiment).model.blackBox?.path).toBe('box.onnx');
    expect(withLoaded(experiment, 'the loaded one').model).toMatchObject({ path: 'a.pth', blackBox: null });
  });

  it('takes a model for a surrogate only of the black box it was made from', () => {
    const of = (path: string) => ({ ...draft().model, path: null, blackBox: blackBoxSchema.parse({ path }) });
    const surrogate = { hash: 'abc', of: 'box.onnx' };
    expect(isSurrogate('abc', of('box.onnx'), surrogate)).toBe(true);
    expect(isSurrogate('abc', of('other.onnx'), surrogate)).toBe(false);
    expect(isSurrogate('abd', of('box.onnx'), surrogate)).toBe(false);
    expect(isSurrogate('abc', draft().model, surrogate)).toBe(false);
    expect(readStoredBlackBox({ surrogate, runId: null })).toEqual({ surrogate, runId: null });
    expect(readStoredBlackBox({ surrogate: 'abc' })).toBeNull();
  });
});

describe('how many images a black box is sent at most', () => {
  const dataset = { trainCount: 24, testCount: 20 };
  const asked = (distil: Record<string, unknown>, attack: boolean, limit: number | null = 12) => ({
    ...draft(),
    attack: attack ? { kind: 'badnets', target: 0, options: {} } : null,
    evaluate: { ...draft().evaluate, testLimit: limit },
    model: { ...draft().model, path: null, blackBox: blackBoxSchema.parse({ path: 'a', distil }) },
  });
  const short = { batchSize: 8, epochs: 2, maxSteps: 5 };

  it.each([
    ['try', short, true, 12, 2],
    // What the engine's own test counts: 24 + 12 + 12, and a grey one.
    ['distil', short, true, 12, 49],
    ['distil', short, false, 12, 37],
    ['distil', { ...short, maxSteps: 2 }, true, 12, 1 + 16 + 24],
    ['distil', short, true, 0, 25],
    ['measure', short, true, 12, 49],
    ['measure', short, true, null, 81],
  ] as const)('%s', (purpose, distil, attack, limit, most) => {
    expect(mostImages(purpose, asked(distil, attack, limit), dataset)).toBe(most);
  });

  it('counts no test images where there is no test part', () => {
    expect(mostImages('measure', asked(short, true), { trainCount: 24, testCount: null })).toBe(1);
  });
});
