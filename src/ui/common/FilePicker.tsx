import { useRef } from 'react';
import { Button } from './Button';

interface FilePickerProps {
  readonly label: string;
  readonly accept: string;
  readonly words: string;
  readonly note?: string;
  readonly onFile: (file: File) => void;
}

/** A button for one file, which can be dropped on it too. */
export function FilePicker({ label, accept, words, note, onFile }: FilePickerProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <span
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        const file = event.dataTransfer.files[0];
        if (!file) return;
        event.preventDefault();
        event.stopPropagation();
        onFile(file);
      }}
    >
      <input
        ref={input}
        type="file"
        accept={accept}
        hidden
        aria-label={label}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onFile(file);
          event.target.value = '';
        }}
      />
      <Button small onClick={() => input.current?.click()}>
        {words}
      </Button>
      {note !== undefined && <small>{note}</small>}
    </span>
  );
}
