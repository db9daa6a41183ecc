import { dayLabel } from '../chat/days';
import type { Message } from '../types/chat';
import styles from './DayChip.module.css';

/** The day of what is at the top, while one looks back. The same is said in the list itself. */
export function DayChip({ message }: { message: Message | undefined }) {
  if (!message) return null;
  return (
    <div className={styles['chip']} aria-hidden="true">
      <span>{dayLabel(message.createdAt, new Date())}</span>
    </div>
  );
}
