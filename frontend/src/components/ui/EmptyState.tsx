import type { ReactNode } from 'react';
import styles from './EmptyState.module.css';

interface Props {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  illustration?: ReactNode;
}

/** Placeholder for missing content: empty, failed or not found. */
export function EmptyState({ title, children, action, illustration }: Props) {
  return (
    <div className={styles['emptyState']}>
      {illustration}
      <h2 className={styles['title']}>{title}</h2>
      {children && <p className={styles['text']}>{children}</p>}
      {action}
    </div>
  );
}

/** Two speech bubbles. */
export function ChatIllustration() {
  return (
    <svg className={styles['illustration']} viewBox="0 0 160 110" aria-hidden="true">
      <path
        className={styles['theirs']}
        d="M22 8h66a16 16 0 0 1 16 16v22a16 16 0 0 1-16 16H40L24 74V62h-2A16 16 0 0 1 6 46V24A16 16 0 0 1 22 8Z"
      />
      <path className={styles['lines']} d="M26 28h56M26 42h34" />
      <path
        className={styles['own']}
        d="M84 44h54a16 16 0 0 1 16 16v16a16 16 0 0 1-16 16h-2v12l-16-12H84a16 16 0 0 1-16-16V60a16 16 0 0 1 16-16Z"
      />
      <path className={styles['checkmarks']} d="m98 68 8 8 14-16m-4 15 3 2 14-16" />
    </svg>
  );
}
