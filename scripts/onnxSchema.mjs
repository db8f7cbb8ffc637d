// Makes src/formats/models/onnx/onnx_pb.ts from ONNX's published schema: node scripts/onnxSchema.mjs PATH/onnx-ml.proto
// (Debian: packages protobuf-compiler and python3-onnx; the schema lies in dist-packages/onnx). Comments are left out.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const schema = process.argv[2];
if (schema === undefined) throw new Error('Name the schema: node scripts/onnxSchema.mjs PATH/onnx-ml.proto');

const folder = mkdtempSync(join(tmpdir(), 'onnx-'));
const out = join(root, 'src/formats/models/onnx');

function run(program, ...args) {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (error || status !== 0) throw error ?? new Error(`${program} failed`);
}

copyFileSync(schema, join(folder, 'onnx.proto'));
const set = join(folder, 'onnx.set');
run('protoc', '-I', folder, `--descriptor_set_out=${set}`, 'onnx.proto');
run(
  'protoc',
  `--plugin=protoc-gen-es=${join(root, 'node_modules/.bin/protoc-gen-es')}`,
  `--descriptor_set_in=${set}`,
  `--es_out=${out}`,
  '--es_opt=target=ts,import_extension=none',
  'onnx.proto',
);
run(join(root, 'node_modules/.bin/prettier'), '--write', join(out, 'onnx_pb.ts'));
rmSync(folder, { recursive: true });
