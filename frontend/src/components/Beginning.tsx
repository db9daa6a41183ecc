import { nameOf } from '../chat/conversations';
import type { Conversation } from '../types/chat';
import { Avatar } from './Avatar';
import styles from './Beginning.module.css';

interface Context {
  conversation: Conversation;
  hasOlder: boolean;
  hasFailed: boolean;
  onRetry: () => void;
}

/** What stands above the oldest message that is loaded. */
export function Beginning({ context }: { context?: Context }) {
  if (!context) return null;
  const { conversation, hasOlder, hasFailed, onRetry } = context;
  if (hasFailed) {
    return (
      <div className={styles['older']}>
        Older messages did not come.
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      </div>
    );
  }
  if (hasOlder) return <div className={styles['older']}>Loading older messages…</div>;
  const name = nameOf(conversation);
  return (
    <div className={styles['beginning']}>
      <Avatar name={name} size={72} />
      <p className={styles['name']}>
        <bdi>{name}</bdi>
      </p>
      <p>This is where it begins. {conversation.lastSeq === 0 && 'Say hello.'}</p>
    </div>
  );
}
