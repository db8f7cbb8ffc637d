/** A file that is open for reading and writing at any place, by this session alone. */
export interface RandomFile {
  /** Fills `into` from byte `at` on. @returns how many bytes there were; fewer at the end of the file. */
  read(into: Uint8Array, at: number): Promise<number> | number;
  /** @throws what the platform throws; on a full disk it may also write less and say so. */
  write(bytes: Uint8Array, at: number): Promise<number> | number;
  /** Resolves when what was written would survive a loss of power. */
  flush(): Promise<void> | void;
  /** Makes the file exactly so long; what is added reads as zeros. */
  resize(sizeBytes: number): Promise<void> | void;
  size(): Promise<number> | number;
  /** Lets others open the file. Nothing may be called afterwards. */
  close(): Promise<void> | void;
}

/** A folder of files that are too large to be handled whole: OPFS in the browser, a folder on disk in Node. */
export interface RandomFiles {
  /** Opens a file for this session alone, making it where there is none; null while somebody else has it open. */
  open(name: string): Promise<RandomFile | null>;
  /** The first bytes of a file, also of one that is open elsewhere; null where it cannot be read. */
  head(name: string, bytes: number): Promise<Uint8Array | null>;
  /** Deletes a file. @returns false while somebody has it open. */
  remove(name: string): Promise<boolean>;
  list(): Promise<readonly { readonly name: string; readonly sizeBytes: number }[]>;
  /** Bytes that may still be written, or null where that cannot be told. */
  freeBytes(): Promise<number | null>;
}
