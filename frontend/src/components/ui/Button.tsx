import type { ComponentProps } from 'react';
import styles from './Button.module.css';

interface Props extends ComponentProps<'button'> {
  isQuiet?: boolean;
}

export function Button({ isQuiet = false, className = '', ...rest }: Props) {
  const kind = isQuiet ? styles['quiet'] : styles['solid'];
  return <button type="button" className={`${styles['button']} ${kind} ${className}`} {...rest} />;
}
