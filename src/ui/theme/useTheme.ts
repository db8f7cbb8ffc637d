import { useEffect } from 'react';
import { useViewStore } from '../../state/viewStore';

const KEY = 'refine-studio.theme';

/** Keeps the page's colours as chosen, or as the system has them; the choice outlives a reload. */
export function useTheme(): void {
  const theme = useViewStore((state) => state.theme);
  useEffect(() => {
    const stored = readStored();
    if (stored !== null) useViewStore.setState({ theme: stored });
  }, []);
  useEffect(() => {
    const system = window.matchMedia('(prefers-color-scheme: dark)');
    const apply = () => {
      const dark = theme === 'dark' || (theme === 'system' && system.matches);
      document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
    };
    apply();
    system.addEventListener('change', apply);
    return () => system.removeEventListener('change', apply);
  }, [theme]);
  useEffect(
    () =>
      useViewStore.subscribe((now, then) => {
        if (now.theme !== then.theme) writeStored(now.theme);
      }),
    [],
  );
}

function readStored(): 'light' | 'dark' | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : null;
  } catch {
    return null;
  }
}

function writeStored(theme: string): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // A browser that keeps nothing shows the system's colours next time.
  }
}
