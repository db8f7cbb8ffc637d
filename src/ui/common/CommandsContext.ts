import { createContext, useContext } from 'react';
import type { Commands } from '../../state/commands';

const CommandsContext = createContext<Commands | null>(null);

/** Gives the panels what a person can ask for; the app brings the real commands, tests their own. */
export const CommandsProvider = CommandsContext.Provider;

/** The commands of the studio. @throws Error outside a `CommandsProvider`. */
export function useCommands(): Commands {
  const commands = useContext(CommandsContext);
  if (commands === null) throw new Error('useCommands needs a CommandsProvider above it.');
  return commands;
}
