import { strings } from '../../lib/strings';
import styles from './ThreadSkeleton.module.css';

const SHAPES = [
  [false, 44],
  [false, 30],
  [true, 38],
  [false, 52],
  [true, 24],
  [true, 46],
] as const;

/** While the messages are on their way. `isBrief`: they are expected at once, so that it is shown only when late. */
export function ThreadSkeleton({ isBrief = false }: { isBrief?: boolean }) {
  return (
    <div
      className={styles['skeleton']}
      data-brief={isBrief}
      role="status"
      aria-label={strings.thread.loading}
    >
      {SHAPES.map(([isMine, width]) => (
        <span key={width} data-mine={isMine} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}
