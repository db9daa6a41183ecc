import { ChevronDown } from 'lucide-react';
import { toComposer } from '../hooks/toComposer';
import styles from './JumpToLatest.module.css';

export function JumpToLatest({ unread, onClick }: { unread: number; onClick: () => void }) {
  const label = unread > 0 ? `Jump to latest, ${unread} new` : 'Jump to latest';
  return (
    <button
      type="button"
      className={styles['jump']}
      aria-label={label}
      title="Jump to latest"
      onClick={() => {
        toComposer();
        onClick();
      }}
    >
      {unread > 0 && <span className={styles['count']}>{unread > 99 ? '99+' : unread}</span>}
      <ChevronDown size={20} aria-hidden="true" />
    </button>
  );
}
