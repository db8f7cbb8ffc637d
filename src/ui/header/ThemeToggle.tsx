import { useViewStore } from '../../state/viewStore';
import { Button } from '../common/Button';
import { Icon } from '../common/Icon';

const NEXT = { system: 'light', light: 'dark', dark: 'system' } as const;
const ICONS = { system: 'auto', light: 'sun', dark: 'moon' } as const;

/** Light, dark, or as the system has it. */
export function ThemeToggle() {
  const theme = useViewStore((state) => state.theme);
  const label = theme === 'system' ? 'Colours: as the system' : `Colours: ${theme}`;
  return (
    <Button
      aria-label={`${label}. Change to ${NEXT[theme]}`}
      title={label}
      onClick={() => useViewStore.setState({ theme: NEXT[theme] })}
      data-testid="theme-toggle"
    >
      <Icon name={ICONS[theme]} />
    </Button>
  );
}
