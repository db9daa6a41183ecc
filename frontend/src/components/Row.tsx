import { areTogether, dayLabel, startsDay } from '../chat/days';
import { entryAt, type Entry, type Rows } from '../chat/rows';
import type { Chat } from '../hooks/useChat';
import { strings } from '../lib/strings';
import type { Conversation } from '../types/chat';
import { Bubble } from './Bubble';
import styles from './Row.module.css';
import type { Delivery } from './Ticks';

interface Props {
  rows: Rows;
  at: number;
  conversation: Conversation;
  /** All after this seq was new when the conversation was opened. */
  newSince: number | null;
  chat: Chat;
}

/** A message, with the day and the "New messages" line above it where they belong. */
export function Row({ rows, at, conversation, newSince, chat }: Props) {
  const entry = entryAt(rows, at);
  if (!entry) return <div className={styles['nothing']} />;
  const before = entryAt(rows, at - 1);
  const isNew = isFirstNew(entry, before, newSince);
  const { outgoing } = entry;
  return (
    <div className={styles['row']}>
      {startsDay(entry, before) && (
        <h3 className={styles['day']}>
          <time dateTime={entry.createdAt.slice(0, 10)}>{dayLabel(entry.createdAt, new Date())}</time>
        </h3>
      )}
      {isNew && (
        <h3 className={styles['new']}>
          <span>{strings.thread.newMessages}</span>
        </h3>
      )}
      <Bubble
        senderId={entry.senderId}
        text={entry.text}
        createdAt={entry.createdAt}
        isMine={entry.senderId === rows.meId}
        follows={areTogether(before, entry) && !isNew}
        goesOn={areTogether(entry, entryAt(rows, at + 1))}
        isNamed={conversation.kind === 'group'}
        delivery={deliveryOf(entry)}
        reason={outgoing?.reason}
        onRetry={outgoing && (() => chat.retry(outgoing))}
        onDiscard={outgoing && (() => chat.discard(outgoing))}
      />
    </div>
  );
}

function isFirstNew({ message }: Entry, before: Entry | undefined, newSince: number | null): boolean {
  if (newSince === null || !message || message.seq <= newSince) return false;
  return (before?.message?.seq ?? 0) <= newSince;
}

function deliveryOf({ message, outgoing }: Entry): Delivery {
  if (outgoing) return outgoing.state;
  return message?.isRead ? 'read' : 'sent';
}
