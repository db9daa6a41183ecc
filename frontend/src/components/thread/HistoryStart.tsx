import { conversationName } from '../../domain/conversations';
import { strings } from '../../lib/strings';
import type { Conversation } from '../../types/chat';
import { Avatar } from '../ui/Avatar';
import styles from './HistoryStart.module.css';

interface Props {
  conversation: Conversation;
  hasOlder: boolean;
  hasFailed: boolean;
  onRetry: () => void;
}

/** Precedes the oldest loaded message: a loading state, an error, or the start of the conversation. */
export function HistoryStart({ conversation, hasOlder, hasFailed, onRetry }: Props) {
  if (hasFailed) {
    return (
      <div className={styles['status']}>
        {strings.thread.olderFailed}
        <button type="button" onClick={onRetry}>
          {strings.retry}
        </button>
      </div>
    );
  }
  if (hasOlder) return <div className={styles['status']}>{strings.thread.loadingOlder}</div>;
  const name = conversationName(conversation);
  return (
    <div className={styles['intro']}>
      <Avatar name={name} size={72} />
      <p className={styles['name']}>
        <bdi>{name}</bdi>
      </p>
      <p>
        {strings.thread.beginning(<bdi>{name}</bdi>)}{' '}
        {conversation.lastSeq === 0 && strings.thread.firstMessageHint}
      </p>
    </div>
  );
}
