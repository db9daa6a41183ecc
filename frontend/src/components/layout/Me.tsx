import { ChevronsUpDown } from 'lucide-react';
import type { ComponentProps } from 'react';
import { strings } from '../../lib/strings';
import { Avatar } from '../ui/Avatar';
import { Hidden } from '../ui/Hidden';
import styles from './Me.module.css';

/** Who one is, and the button of the menu about it. */
export function Me({ userId, ...rest }: { userId: string } & ComponentProps<'button'>) {
  return (
    <button type="button" className={styles['me']} aria-haspopup="menu" {...rest}>
      <Avatar name={userId} size={34} />
      <span className={styles['name']}>
        <Hidden>{strings.user.you} </Hidden>
        <bdi>{userId}</bdi>
      </span>
      <ChevronsUpDown size={16} aria-hidden="true" />
    </button>
  );
}
