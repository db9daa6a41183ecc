import type { CSSProperties } from 'react';
import { hueOf, initials } from '../../lib/people';
import styles from './Avatar.module.css';

export function Avatar({ name, size = 44 }: { name: string; size?: number }) {
  const style = { '--hue': hueOf(name), '--size': `${size}px` } as CSSProperties;
  return (
    <span className={styles['avatar']} style={style} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
