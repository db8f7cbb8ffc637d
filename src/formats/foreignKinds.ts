import { fieldText } from './wireText';

/** A file that people have and that is not read here, told by its first bytes; `says` completes "it is ...". */
interface ForeignKind {
  readonly says: string;
  /** @param text the head as latin1. @param head its bytes. @param sizeBytes of the whole file. */
  readonly fits: (text: string, head: Uint8Array, sizeBytes: number) => boolean;
}

const starts =
  (pattern: RegExp): ForeignKind['fits'] =>
  (text) =>
    pattern.test(text);

const u32 = (head: Uint8Array, at: number): number =>
  head.length < at + 4 ? -1 : new DataView(head.buffer, head.byteOffset).getUint32(at, true);

/** Why a TensorFlow file is not read, and what to do about it. */
const CONVERT = 'convert it with tensorflowjs_converter or tf2onnx, or save it as .keras';

const KINDS: readonly ForeignKind[] = [
  { says: 'a TensorFlow Lite model; its weights are made for inference only', fits: starts(/^[^]{4}TFL3/) },
  { says: `a TensorFlow SavedModel; ${CONVERT}`, fits: isSavedModel },
  { says: `a frozen TensorFlow graph; ${CONVERT}`, fits: isGraphDef },
  { says: 'a Core ML model; export the network it was made from as ONNX or .pth', fits: isCoreMl },
  { says: 'a MATLAB file; save its arrays with numpy.savez', fits: starts(/^MATLAB [57]\.\d MAT-file/) },
  { says: 'an older llama.cpp model', fits: starts(/^(?:lmgg|tjgg|fmgg)/) },
  { says: 'a WebP image', fits: starts(/^RIFF[^]{4}WEBP/) },
  { says: 'a sound file', fits: starts(/^(?:RIFF[^]{4}WAVE|ID3|OggS|fLaC)/) },
  {
    says: 'a video',
    fits: starts(/^(?:RIFF[^]{4}AVI |[^]{4}ftyp(?:isom|mp4|avc1|qt|M4V|iso))/),
  },
  { says: 'an AVIF image', fits: starts(/^[^]{4}ftyp(?:avif|avis)/) },
  { says: 'a HEIC image', fits: starts(/^[^]{4}ftyp(?:heic|heix|mif1)/) },
  { says: 'a TIFF image', fits: starts(/^(?:II\*\0|MM\0\*)/) },
  { says: 'a BMP image', fits: (text, head, size) => text.startsWith('BM') && u32(head, 2) === size },
  {
    says: 'a Windows program',
    fits: (text, head) => text.startsWith('MZ') && u32(head, 0x3c) > 0x3f && u32(head, 0x3c) < 2 ** 20,
  },
  { says: 'a macOS program', fits: starts(/^(?:\xcf\xfa\xed\xfe|\xfe\xed\xfa[\xce\xcf]|\xce\xfa\xed\xfe)/) },
  { says: 'a WebAssembly module', fits: starts(/^\0asm/) },
  { says: "TensorFlow's list of checkpoints", fits: starts(/^model_checkpoint_path:/) },
  { says: 'a script', fits: starts(/^#!|^(?:import|from) \w+/) },
];

/** What a file is that the studio knows and does not read; null where these are not the first bytes of one. */
export function foreignKind(head: Uint8Array, sizeBytes: number): string | null {
  const text = new TextDecoder('latin1').decode(head);
  return KINDS.find(({ fits }) => fits(text, head, sizeBytes))?.says ?? null;
}

/** SavedModel: schema version 1, then a MetaGraphDef whose MetaInfoDef lists operators or names the tag `serve`. */
function isSavedModel(text: string, head: Uint8Array): boolean {
  const starts = head[0] === 0x08 && head[1] === 1 && head[2] === 0x12;
  return (
    starts &&
    /AssignVariableOp|ReadVariableOp|StatefulPartitionedCall|Placeholder|serve|allowed_values/.test(text)
  );
}

/** GraphDef: nodes, each with a name and an operator whose name begins in upper case. */
function isGraphDef(_text: string, head: Uint8Array): boolean {
  if (head[0] !== 0x0a) return false;
  const [inner = 0] = [head[1]];
  const start = inner < 0x80 ? 2 : 3;
  const name = fieldText(head, start, 1);
  const operator = name === null ? null : fieldText(head, name.end, 2);
  return operator !== null && /^[A-Z_]\w+$/.test(operator.text);
}

/** Core ML: a specification version, then a description whose first field is an input with a name. */
function isCoreMl(_text: string, head: Uint8Array): boolean {
  if (head[0] !== 0x08 || head[2] !== 0x12) return false;
  const next = (at: number): number => ((head[at] ?? 0) < 0x80 ? at + 1 : next(at + 1));
  const description = next(3);
  if (head[description] !== 0x0a) return false;
  return fieldText(head, next(description + 1), 1) !== null;
}
