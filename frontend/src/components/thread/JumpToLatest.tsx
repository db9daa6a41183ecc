import { ChevronDown } from 'lucide-react';
import { focusComposer } from './focusComposer';
import { strings } from '../../lib/strings';
import styles from './JumpToLatest.module.css';

/** Button that scrolls to the latest message. Sits in a strip below the list, so that it covers no text. */
export function JumpToLatest({ unread, onClick }: { unread: number; onClick: () => void }) {
  const label = unread > 0 ? strings.thread.jumpNew(unread) : strings.thread.jump;
  return (
    <div className={styles['strip']}>
      <button
        type="button"
        className={styles['jump']}
        aria-label={label}
        title={strings.thread.jump}
        onClick={() => {
          focusComposer();
          onClick();
        }}
      >
        {unread > 0 && <span className={styles['count']}>{strings.badgeCount(unread)}</span>}
        <ChevronDown size={18} aria-hidden="true" />
      </button>
    </div>
  );
}
