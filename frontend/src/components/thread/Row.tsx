import { memo } from 'react';
import { areTogether, dateOf, dayLabel, startsDay } from '../../lib/days';
import { entryOf, type Entry, type Source } from '../../domain/rows';
import type { Chat } from '../../hooks/useChat';
import { useNow } from '../../hooks/browser/useNow';
import { strings } from '../../lib/strings';
import { Bubble } from './Bubble';
import styles from './Row.module.css';
import type { Delivery } from './Ticks';

interface Props {
  source: Source;
  before?: Source | undefined;
  after?: Source | undefined;
  meId: string;
  isGroup: boolean;
  /** All after this seq was new when the conversation was opened. */
  newSince: number | null;
  onRetry: Chat['retry'];
  onDiscard: Chat['discard'];
}

/** A message, with the day and the "New messages" line above it where they belong. */
export const Row = memo(function Row(props: Props) {
  const { source, meId, isGroup, newSince, onRetry, onDiscard } = props;
  const entry = entryOf(source, meId);
  const before = props.before && entryOf(props.before, meId);
  const after = props.after && entryOf(props.after, meId);
  const isNew = isFirstNew(entry, before, newSince);
  // Another time zone has other days.
  const isFirstOfDay = useNow(() => startsDay(entry, before));
  const { message, outgoing } = entry;
  return (
    <div className={styles['row']} data-row data-seq={message?.seq}>
      {isFirstOfDay && <Day iso={entry.createdAt} />}
      {isNew && (
        <h3 className={styles['new']}>
          <span>{strings.thread.newMessages}</span>
        </h3>
      )}
      <Bubble
        senderId={entry.senderId}
        text={entry.text}
        createdAt={entry.createdAt}
        isMine={entry.senderId === meId}
        follows={areTogether(before, entry) && !isNew}
        goesOn={areTogether(entry, after)}
        isNamed={isGroup}
        delivery={deliveryOf(entry)}
        reason={outgoing?.reason}
        onRetry={outgoing && (() => onRetry(outgoing))}
        onDiscard={outgoing && (() => onDiscard(outgoing))}
      />
    </div>
  );
});

function Day({ iso }: { iso: string }) {
  const label = useNow((now) => dayLabel(iso, now));
  const date = useNow(() => dateOf(iso));
  return (
    <h3 className={styles['day']}>
      <time dateTime={date}>{label}</time>
    </h3>
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
