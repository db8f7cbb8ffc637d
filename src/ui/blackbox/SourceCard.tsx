import type { BlackBoxSettings } from '../../protocol/blackBox';
import { addressProblem } from '../../protocol/blackBoxAddress';
import { useAskBlocker } from '../../state/blackBoxReadiness';
import { chooseSource, sourceOf, typeAddress, useBlackBoxStore } from '../../state/blackBoxStore';
import { NO_FILE } from '../../state/presets';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { cx } from '../common/cx';
import { Icon } from '../common/Icon';
import { LoadingLine } from '../common/LoadingLine';
import { Segmented } from '../common/Segmented';
import inputStyles from '../common/NumberInput.module.css';
import { useOpeners } from '../drop/FileInputs';
import type { FieldSpec } from '../fields/fieldSpec';
import { SettingsField } from '../train/SettingsField';
import styles from './BlackBox.module.css';
import { Trial } from './Trial';
import { useLeave } from './useLeave';

const OF_A_FILE: readonly FieldSpec[] = [
  {
    path: 'model.blackBox.layout',
    label: 'Its input',
    kind: 'choice',
    options: [
      { value: 'auto', label: 'as it declares' },
      { value: 'NCHW', label: 'N × 3 × H × W' },
      { value: 'NHWC', label: 'N × H × W × 3' },
    ],
  },
  {
    path: 'model.blackBox.output',
    label: 'Its output',
    kind: 'choice',
    options: [
      { value: 'auto', label: 'automatic' },
      { value: 'logits', label: 'logits' },
      { value: 'confidences', label: 'confidences' },
    ],
  },
];

const OF_AN_ADDRESS: readonly FieldSpec[] = [
  {
    path: 'model.blackBox.encoding',
    label: 'Pixels are sent as',
    kind: 'choice',
    options: [
      { value: 'float32', label: 'float32, 0 to 1' },
      { value: 'uint8', label: 'bytes, 0 to 255' },
    ],
  },
];

/** Where the black box is, and a first question to it. */
export function SourceCard({ blackBox }: { readonly blackBox: BlackBoxSettings }) {
  const source = sourceOf(blackBox);
  return (
    <Card title="The black box" note="asked, never looked into" testId="blackbox-source">
      <div className={styles.which}>
        <Segmented
          label="Where the black box is"
          value={source}
          options={[
            { value: 'file', label: 'An ONNX file' },
            { value: 'address', label: 'An address' },
          ]}
          onChange={chooseSource}
        />
      </div>
      <div className={styles.source}>
        {source === 'file' ? (
          <FileSource blackBox={blackBox} />
        ) : (
          <AddressSource url={blackBox.url ?? NO_FILE} />
        )}
        {(source === 'file' ? OF_A_FILE : OF_AN_ADDRESS).map((spec) => (
          <SettingsField key={spec.path} spec={spec} />
        ))}
      </div>
      <TryIt blackBox={blackBox} />
    </Card>
  );
}

function FileSource({ blackBox: { path } }: { readonly blackBox: BlackBoxSettings }) {
  const { openFiles } = useOpeners();
  const file = useBlackBoxStore((state) => state.file);
  const named = path !== null && path !== NO_FILE ? path : null;
  return (
    <div className={styles.file}>
      <p data-testid="blackbox-file">
        {file !== null && file === named ? (
          <b>{file}</b>
        ) : named === null ? (
          'Drop an .onnx file here. onnxruntime runs it in a worker of its own; nothing is sent.'
        ) : (
          <>
            The experiment names <b>{named}</b>: open it.
          </>
        )}
      </p>
      <Button small onClick={openFiles}>
        <Icon name="file" size={13} />
        {file === null ? 'Choose a file' : 'Another file'}
      </Button>
    </div>
  );
}

function AddressSource({ url }: { readonly url: string }) {
  const text = url === NO_FILE ? '' : url;
  const problem = text === '' ? null : addressProblem(text);
  return (
    <div className={styles.address}>
      <label>
        <span className={styles.caption}>Address</span>
        <input
          className={cx(inputStyles.input, styles.url, problem !== null && inputStyles.invalid)}
          type="url"
          inputMode="url"
          spellCheck={false}
          autoComplete="off"
          maxLength={2000}
          placeholder="https://example.org/classify"
          value={text}
          aria-invalid={problem !== null}
          aria-describedby="blackbox-address-words"
          onChange={(event) => typeAddress(event.target.value)}
          data-testid="blackbox-url"
        />
      </label>
      <p
        id="blackbox-address-words"
        className={problem === null ? styles.hint : styles.problem}
        data-testid="blackbox-address-words"
      >
        {problem === null
          ? 'https, or http on this machine. You see what is sent before anything is.'
          : `The address cannot be asked: ${problem}.`}
      </p>
    </div>
  );
}

function TryIt({ blackBox }: { readonly blackBox: BlackBoxSettings }) {
  const { tryBlackBox } = useCommands();
  const blocker = useAskBlocker();
  const trying = useBlackBoxStore((state) => state.trying);
  const { ask, dialog } = useLeave(blackBox);
  const { url } = blackBox;
  // What is wrong with an address is said below it.
  const said = url !== null && url !== NO_FILE && addressProblem(url) !== null;
  return (
    <div className={styles.try}>
      <div className={styles.ask}>
        <Button
          small
          disabled={blocker !== null || trying.kind === 'loading'}
          title={blocker ?? 'Asks about one image'}
          onClick={() => ask({ purpose: 'try', then: (leave) => void tryBlackBox(leave) })}
          data-testid="blackbox-try"
        >
          Try it
        </Button>
        <span className={styles.hint}>{said ? '' : (blocker ?? 'What does it say of one image?')}</span>
      </div>
      <LoadingLine loading={trying} verb="Asking" />
      <Trial />
      {dialog}
    </div>
  );
}
