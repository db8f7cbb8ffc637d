import { createContext, type ReactNode, useContext, useMemo, useRef } from 'react';
import { useCommands } from '../common/CommandsContext';
import { filesOfInput } from './collectFiles';

interface Openers {
  readonly openFiles: () => void;
  readonly openFolder: () => void;
}

const OpenersContext = createContext<Openers>({ openFiles: () => undefined, openFolder: () => undefined });

/** Opens the browser's file or folder chooser: the twin of dropping. */
export function useOpeners(): Openers {
  return useContext(OpenersContext);
}

/** The page's two file inputs. Buttons anywhere below open them. */
export function FileInputs({ children }: { readonly children: ReactNode }) {
  const { openFiles } = useCommands();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const openers = useMemo(
    () => ({ openFiles: () => files.current?.click(), openFolder: () => folder.current?.click() }),
    [],
  );
  const take = (input: HTMLInputElement) => {
    const chosen = filesOfInput(input.files ?? []);
    // The same file chosen again must be heard as well.
    input.value = '';
    void openFiles(chosen);
  };
  return (
    <OpenersContext value={openers}>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        aria-label="Open files"
        data-testid="file-input"
        onChange={(event) => take(event.currentTarget)}
      />
      <input
        ref={folder}
        type="file"
        multiple
        hidden
        aria-label="Open a folder"
        data-testid="folder-input"
        {...{ webkitdirectory: '' }}
        onChange={(event) => take(event.currentTarget)}
      />
      {children}
    </OpenersContext>
  );
}
