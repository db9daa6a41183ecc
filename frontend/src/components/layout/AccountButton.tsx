import { ChevronsUpDown } from 'lucide-react';
import type { ComponentProps } from 'react';
import { strings } from '../../lib/strings';
import { Avatar } from '../ui/Avatar';
import { VisuallyHidden } from '../ui/VisuallyHidden';
import styles from './AccountButton.module.css';

/** Who one is, and the button of the menu about it. */
export function AccountButton({ userId, ...rest }: { userId: string } & ComponentProps<'button'>) {
  return (
    <button type="button" className={styles['button']} aria-haspopup="menu" {...rest}>
      <Avatar name={userId} size={34} />
      <span className={styles['name']}>
        <VisuallyHidden>{strings.user.signedInAs} </VisuallyHidden>
        <bdi>{userId}</bdi>
      </span>
      <ChevronsUpDown size={16} aria-hidden="true" />
    </button>
  );
}
