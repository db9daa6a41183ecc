import { strings } from '../../lib/strings';
import styles from './ThreadSkeleton.module.css';

const BUBBLES = [
  [false, 44],
  [false, 30],
  [true, 38],
  [false, 52],
  [true, 24],
  [true, 46],
] as const;

/** Shown while messages load. With `isDelayed` it appears only after a moment, for content that is cached. */
export function ThreadSkeleton({ isDelayed = false }: { isDelayed?: boolean }) {
  return (
    <div
      className={styles['skeleton']}
      data-delayed={isDelayed}
      role="status"
      aria-label={strings.thread.loading}
    >
      {BUBBLES.map(([isOwn, width]) => (
        <span key={width} data-own={isOwn} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}
