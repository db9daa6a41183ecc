import { ChevronsUpDown } from 'lucide-react';
import type { ComponentProps } from 'react';
import { strings } from '../../lib/strings';
import { Avatar } from '../ui/Avatar';
import { VisuallyHidden } from '../ui/VisuallyHidden';
import styles from './AccountButton.module.css';

/** Shows the signed-in user and opens the user menu. */
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
