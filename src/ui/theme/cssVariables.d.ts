import 'react';

declare module 'react' {
  interface CSSProperties {
    /** A share in percent that a style sheet mixes a colour by. */
    '--share'?: string;
  }
}
