import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { Commands } from '../state/commands';
import { App } from '../ui/App';
import '../ui/theme/tokens.css';
import '../ui/theme/base.css';

/** Draws the page. @throws Error where the document has no `#root`. */
export function mountStudio(commands: Commands): void {
  const root = document.getElementById('root');
  if (root === null) throw new Error('The page has no #root.');
  createRoot(root).render(
    <StrictMode>
      <App commands={commands} />
    </StrictMode>,
  );
}
