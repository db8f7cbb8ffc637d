const PATHS = {
  check: 'M3.5 8.5 6.5 11.5 12.5 4.5',
  close: 'M4 4 12 12 M12 4 4 12',
  file: 'M4 2h5l3 3v9H4z M9 2v3h3',
  folder: 'M2 4h4l1.5 2H14v7H2z',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6z M8 1.5v1.6 M8 12.9v1.6 M1.5 8h1.6 M12.9 8h1.6 M3.4 3.4l1.1 1.1 M11.5 11.5l1.1 1.1 M12.6 3.4l-1.1 1.1 M4.5 11.5l-1.1 1.1',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z',
  auto: 'M8 2a6 6 0 1 0 0 12z M8 2a6 6 0 1 1 0 12',
  download: 'M8 2v8 M4.5 7 8 10.5 11.5 7 M3 13.5h10',
  link: 'M6.5 9.5l3-3 M7 4.5 8.5 3a2.8 2.8 0 0 1 4 4L11 8.5 M9 11.5 7.5 13a2.8 2.8 0 0 1-4-4L5 7.5',
  play: 'M5 3.2 12.5 8 5 12.8z',
  pause: 'M5 3v10 M11 3v10',
  stepOnce: 'M4 3.2 10 8 4 12.8z M12 3v10',
  stop: 'M4 4h8v8H4z',
  save: 'M3 2.5h8l2.5 2.5v8.5H3z M5.5 2.5v3.5h5V3 M5.5 13.5V9.5h5v4',
  warning: 'M8 2.5 14.5 13.5h-13z M8 6.5v3.5 M8 11.8v.2',
  lock: 'M4 7.5h8v6H4z M5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  dice: 'M3 3h10v10H3z M5.7 5.7v.1 M10.3 5.7v.1 M8 8v.1 M5.7 10.3v.1 M10.3 10.3v.1',
  arrow: 'M3 8h9 M8.5 4.5 12 8l-3.5 3.5',
} as const;

/** A small drawing beside a word; never the only sign, so hidden from screen readers. */
export function Icon({ name, size = 16 }: { readonly name: keyof typeof PATHS; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      style={{ flex: 'none' }}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
