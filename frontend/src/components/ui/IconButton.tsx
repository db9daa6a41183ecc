import type { LucideIcon } from 'lucide-react';
import type { ComponentProps } from 'react';
import styles from './IconButton.module.css';

interface Props extends ComponentProps<'button'> {
  icon: LucideIcon;
  label: string;
  isRound?: boolean;
}

export function IconButton({ icon: Icon, label, isRound = false, className = '', ...rest }: Props) {
  return (
    <button
      type="button"
      className={`${styles['button']} ${className}`}
      data-round={isRound}
      aria-label={label}
      title={label}
      {...rest}
    >
      <Icon size={20} strokeWidth={1.85} aria-hidden="true" />
    </button>
  );
}
