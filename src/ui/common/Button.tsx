import type { ComponentProps } from 'react';
import styles from './Button.module.css';
import { cx } from './cx';

interface ButtonProps extends ComponentProps<'button'> {
  readonly tone?: 'plain' | 'primary' | 'quiet' | 'danger';
  readonly small?: boolean;
}

/** The one button of the page. */
export function Button({ tone = 'plain', small = false, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={cx(styles.button, styles[tone], small && styles.small, className)}
    />
  );
}
