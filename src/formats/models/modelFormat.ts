import type { InputFile } from '../input';
import type { Sniffed } from '../sniff';
import type { ModelFile } from './stateDict';

/** One way to store a model. Adding one is a file with a value of this type and a line in registry.ts. */
export interface ModelFormat {
  readonly id: string;
  /** For people: name and usual extensions. */
  readonly label: string;
  /** Whether this format takes files that look so. */
  matches(sniffed: Sniffed): boolean;
  /**
   * Reads the whole model. Throws a `StudioError` whose sentence names the file, whatever the bytes are.
   * @param beside files that came with it: some formats keep weights outside.
   */
  read(file: InputFile, beside?: readonly InputFile[]): Promise<ModelFile>;
}
