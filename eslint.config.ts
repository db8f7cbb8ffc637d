import js from '@eslint/js';
import type { Linter } from 'eslint';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** The layers of docs/ARCHITECTURE.md, each with those it may import. The arrows go one way. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  formats: ['protocol'],
  data: ['protocol', 'formats'],
  compute: ['protocol', 'formats', 'data'],
  storage: ['protocol'],
  worker: ['protocol', 'formats', 'data', 'compute', 'storage'],
  state: ['protocol'],
  ui: ['protocol', 'state'],
  app: ['protocol', 'state', 'ui'],
};
const OUTSIDE = ['state', 'ui', 'app'];
const TENSORS = {
  group: ['@tensorflow/*'],
  message: 'tfjs is imported in one place, src/compute/tf.ts, and used in compute, worker and headless only.',
};

function forbid(
  folders: readonly string[],
  extra: readonly { group: string[]; message: string }[],
): Linter.RulesRecord {
  const patterns = [
    ...extra,
    ...(folders.length === 0
      ? []
      : [
          {
            regex: `^\\.{1,2}/(?:.*/)?(?:${folders.join('|')})/`,
            message: 'This import goes against the layers (docs/ARCHITECTURE.md).',
          },
        ]),
  ];
  return { 'no-restricted-imports': ['error', { patterns }] };
}

const layerRules = Object.entries(LAYERS).map(([name, allowed]) => ({
  files: [`src/${name}/**/*.{ts,tsx}`],
  ignores: ['src/compute/tf.ts', '**/*.test.{ts,tsx}'],
  rules: forbid(
    Object.keys(LAYERS).filter((other) => other !== name && !allowed.includes(other)),
    [TENSORS],
  ),
}));

export default defineConfig(
  globalIgnores(['dist/**', '.cache/**', 'node_modules/**', 'runs/**', 'coverage/**', '**/onnx_pb.ts']),
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}', 'headless/**/*.ts'],
    ignores: ['**/*.test.{ts,tsx}'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'error' },
  },
  { files: ['src/{ui,app}/**/*.{ts,tsx}'], ...reactHooks.configs.flat['recommended-latest'] },
  ...layerRules,
  { files: ['headless/**/*.ts'], ignores: ['**/*.test.ts'], rules: forbid(OUTSIDE, [TENSORS]) },
  {
    files: ['**/*.test.{ts,tsx}', 'tests/**/*.{ts,tsx}'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
      },
    },
  },
);
