import { memo } from 'react';
import { isSameGroup, isoDate, dayLabel, startsDay } from '../../lib/dates';
import { toRow, type Row, type RowSource } from '../../domain/rows';
import type { Chat } from '../../hooks/useChat';
import { useNow } from '../../hooks/browser/useNow';
import { strings } from '../../lib/strings';
import { MessageBubble } from './MessageBubble';
import styles from './MessageRow.module.css';
import type { Delivery } from './DeliveryStatus';

interface Props {
  source: RowSource;
  previous?: RowSource | undefined;
  next?: RowSource | undefined;
  meId: string;
  isGroup: boolean;
  /** The "New messages" divider stands above the first message after this seq. */
  dividerSeq: number | null;
  onRetry: Chat['retry'];
  onDiscard: Chat['discard'];
}

/** A message, preceded by a day heading and the "New messages" divider where due. */
export const MessageRow = memo(function MessageRow(props: Props) {
  const { source, meId, isGroup, dividerSeq, onRetry, onDiscard } = props;
  const row = toRow(source, meId);
  const previous = props.previous && toRow(props.previous, meId);
  const next = props.next && toRow(props.next, meId);
  const hasDivider = isFirstUnread(row, previous, dividerSeq);
  // Recomputed over time: the local time zone may change.
  const isFirstOfDay = useNow(() => startsDay(row, previous));
  const { message, outgoing } = row;
  return (
    <div className={styles['row']} data-row data-seq={message?.seq}>
      {isFirstOfDay && <DayHeading iso={row.createdAt} />}
      {hasDivider && (
        <h3 className={styles['unreadDivider']}>
          <span>{strings.thread.newMessages}</span>
        </h3>
      )}
      <MessageBubble
        senderId={row.senderId}
        text={row.text}
        createdAt={row.createdAt}
        isOwn={row.senderId === meId}
        joinsPrevious={isSameGroup(previous, row) && !hasDivider}
        joinsNext={isSameGroup(row, next)}
        showsSender={isGroup}
        delivery={deliveryOf(row)}
        reason={outgoing?.reason}
        onRetry={outgoing && (() => onRetry(outgoing))}
        onDiscard={outgoing && (() => onDiscard(outgoing))}
      />
    </div>
  );
});

function DayHeading({ iso }: { iso: string }) {
  const label = useNow((now) => dayLabel(iso, now));
  const date = useNow(() => isoDate(iso));
  return (
    <h3 className={styles['day']}>
      <time dateTime={date}>{label}</time>
    </h3>
  );
}

function isFirstUnread({ message }: Row, previous: Row | undefined, dividerSeq: number | null): boolean {
  if (dividerSeq === null || !message || message.seq <= dividerSeq) return false;
  return (previous?.message?.seq ?? 0) <= dividerSeq;
}

function deliveryOf({ message, outgoing }: Row): Delivery {
  if (outgoing) return outgoing.state;
  return message?.isRead ? 'read' : 'sent';
}
