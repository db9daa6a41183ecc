import { ChevronDown } from 'lucide-react';
import { toComposer } from '../hooks/toComposer';
import { strings } from '../lib/strings';
import styles from './JumpToLatest.module.css';

export function JumpToLatest({ unread, onClick }: { unread: number; onClick: () => void }) {
  const label = unread > 0 ? strings.thread.jumpNew(unread) : strings.thread.jump;
  return (
    <button
      type="button"
      className={styles['jump']}
      aria-label={label}
      title={strings.thread.jump}
      onClick={() => {
        toComposer();
        onClick();
      }}
    >
      {unread > 0 && <span className={styles['count']}>{strings.atMost99(unread)}</span>}
      <ChevronDown size={20} aria-hidden="true" />
    </button>
  );
}
