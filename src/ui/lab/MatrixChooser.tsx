import { useDeviceStore } from '../../state/deviceStore';
import { useDraftStore } from '../../state/draftStore';
import { useLabStore, useRecipe } from '../../state/labStore';
import { chosenAttacks, type MatrixAxis, MATRIX_AXES, type MatrixChoice } from '../../state/matrix';
import { goTo, useViewStore } from '../../state/viewStore';
import { Button } from '../common/Button';
import { formatCount } from '../common/format';
import styles from './Matrix.module.css';
import { useMatrixInput } from './useMatrix';

function choose(part: Partial<MatrixChoice>): void {
  useLabStore.setState(({ matrix }) => ({ matrix: { ...matrix, ...part } }));
}

/** Which attacks, what else is varied, and what every run has in common. */
export function MatrixChooser() {
  return (
    <div className={styles.chooser}>
      <Attacks />
      <SecondAxis />
      <Common />
    </div>
  );
}

function Attacks() {
  const input = useMatrixInput();
  const kinds = chosenAttacks(input).map(({ kind }) => kind);
  const all = input.attacks.map(({ kind }) => kind);
  // An attack that is refused as it is set would have the whole matrix refused.
  const refused = useLabStore((state) => state.previews);
  const sound = all.filter((kind) => (refused[kind]?.refused ?? null) === null);
  const everything = sound.every((kind) => kinds.includes(kind));
  return (
    <fieldset className={styles.part}>
      <legend>Attacks</legend>
      <div className={styles.checks}>
        {input.attacks.map(({ kind, label }) => (
          <label key={kind}>
            <input
              type="checkbox"
              checked={kinds.includes(kind)}
              onChange={(event) =>
                choose({
                  attacks: all.filter((other) =>
                    other === kind ? event.target.checked : kinds.includes(other),
                  ),
                })
              }
              data-testid={`matrix-${kind}`}
            />
            {label}
          </label>
        ))}
      </div>
      <Button small onClick={() => choose({ attacks: everything ? [] : sound })}>
        {everything ? 'None' : 'All'}
      </Button>
    </fieldset>
  );
}

function SecondAxis() {
  const { axis: key } = useLabStore((state) => state.matrix);
  const axis = MATRIX_AXES.find((candidate) => candidate.key === key) ?? null;
  const take = (next: string) => {
    const found = MATRIX_AXES.find((candidate) => candidate.key === next);
    choose({
      axis: found?.key ?? null,
      text: found?.kind === 'numbers' ? found.usual : '',
      labels: found?.kind === 'choices' ? found.choices.map(({ label }) => label) : [],
    });
  };
  return (
    <fieldset className={styles.part}>
      <legend>Also varied</legend>
      <select
        className={styles.select}
        aria-label="What else is varied"
        value={key ?? ''}
        onChange={(event) => take(event.target.value)}
        data-testid="matrix-axis"
      >
        <option value="">nothing else</option>
        {MATRIX_AXES.map((candidate) => (
          <option key={candidate.key} value={candidate.key}>
            {candidate.label}
          </option>
        ))}
      </select>
      {axis && <AxisValues axis={axis} />}
    </fieldset>
  );
}

function AxisValues({ axis }: { readonly axis: MatrixAxis }) {
  const { text, labels } = useLabStore((state) => state.matrix);
  if (axis.kind === 'numbers') {
    return (
      <input
        className={styles.select}
        aria-label={`Values: ${axis.label}`}
        value={text}
        placeholder={axis.usual}
        onChange={(event) => choose({ text: event.target.value })}
        data-testid="matrix-values"
      />
    );
  }
  return (
    <div className={styles.checks}>
      {axis.choices.map(({ label }) => (
        <label key={label}>
          <input
            type="checkbox"
            checked={labels.includes(label)}
            onChange={(event) =>
              choose({
                labels: event.target.checked ? [...labels, label] : labels.filter((other) => other !== label),
              })
            }
          />
          {label}
        </label>
      ))}
    </div>
  );
}

/** What every run has in common, and where it is set. */
function Common() {
  const recipe = useRecipe();
  const defense = useDraftStore((state) => state.experiment.defense);
  const label = useDeviceStore(
    (state) => state.architectures.find(({ id }) => id === recipe.architecture)?.label ?? recipe.architecture,
  );
  const length = (steps: number | null, epochs: number) =>
    steps === null ? `${formatCount(epochs)} epochs` : `${formatCount(steps)} steps`;
  return (
    <div className={styles.part}>
      <p>
        <b>Victim:</b> {label}
        {recipe.width === null ? '' : `, width ${recipe.width}`}, {length(recipe.maxSteps, recipe.epochs)} of{' '}
        {recipe.batchSize}
        {recipe.adaptive ? `, adaptive (γ ${recipe.adaptive.gamma})` : ''}.
      </p>
      <p>
        <b>Defence:</b> {defense.recipe} recipe, {defense.firstChannels} channels,{' '}
        {length(defense.maxSteps, defense.epochs)} of {defense.batchSize}.
      </p>
      <p className={styles.links}>
        <Button small onClick={() => useLabStore.setState({ part: 'train' })}>
          Set the victim
        </Button>
        <Button
          small
          onClick={() => {
            useViewStore.setState({ trainView: 'settings' });
            goTo('train');
          }}
        >
          Set the defence
        </Button>
      </p>
    </div>
  );
}
