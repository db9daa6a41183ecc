import type { CSSProperties } from 'react';
import { avatarHue, initials } from '../../lib/avatar';
import styles from './Avatar.module.css';

export function Avatar({ name, size = 44 }: { name: string; size?: number }) {
  const style = { '--hue': avatarHue(name), '--size': `${size}px` } as CSSProperties;
  return (
    <span className={styles['avatar']} style={style} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
