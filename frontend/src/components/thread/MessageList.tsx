import {
  useEffect,
  useEffectEvent,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { Virtualizer, type CustomContainerComponentProps, type VirtualizerHandle } from 'virtua';
import {
  firstRowIndex,
  rowKey,
  initialPositionOf,
  type RowPosition,
  type RowSource,
} from '../../domain/rows';
import { indexOfSeq, type Timeline } from '../../domain/timeline';
import { BottomFollower } from '../../hooks/scroll/BottomFollower';
import type { Chat } from '../../hooks/useChat';
import { useLoadOlder } from '../../hooks/useLoadOlder';
import { useOutgoingMessages } from '../../hooks/useOutgoingMessages';
import { useInitialPosition } from '../../hooks/scroll/useInitialPosition';
import { useReadReceipts } from '../../hooks/useReadReceipts';
import { useUnreadDivider } from '../../hooks/useUnreadDivider';
import { topVisibleRow, useVisibleRange } from '../../hooks/scroll/useVisibleRange';
import { strings } from '../../lib/strings';
import type { Conversation } from '../../types/chat';
import { HistoryStart } from './HistoryStart';
import { DayChip } from './DayChip';
import { JumpToLatest } from './JumpToLatest';
import styles from './MessageList.module.css';
import { MessageRow } from './MessageRow';

interface Props {
  conversation: Conversation;
  timeline: Timeline;
  meId: string;
  chat: Chat;
  /** Whether the list is at its initial position; until then it should be covered. */
  isPositioned: boolean;
  onPositioned: (isPositioned: boolean) => void;
}

/** Scroll positions of closed conversations, kept for the next visit; none for those left at the bottom. */
const savedPositions = new Map<string, RowPosition>();
const positionKey = (meId: string, conversationId: string) => JSON.stringify([conversationId, meId]);

export function MessageList({ conversation, timeline, meId, chat, isPositioned, onPositioned }: Props) {
  const { id } = conversation;
  const key = positionKey(meId, id);
  const { items, hasOlder } = timeline;
  const outgoing = useOutgoingMessages(id, items, meId);
  const count = items.length + outgoing.length;
  const newestSeq = items.at(-1)?.seq ?? 0;

  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const visible = useVisibleRange(scroller, newestSeq, isPositioned);
  const [wasUnread] = useState(conversation.lastSeq > conversation.readSeq);
  const [initialPosition] = useState(() =>
    initialPositionOf(items, savedPositions.get(key), wasUnread ? conversation.readSeq : null),
  );
  const [follower] = useState(() => new BottomFollower(initialPosition === null));
  const isFollowing = useSyncExternalStore(follower.subscribe, follower.isFollowing);
  const isReading = useReadReceipts(conversation, visible.last, isFollowing, chat);
  const dividerSeq = useUnreadDivider(conversation, meId, isReading);

  useLayoutEffect(() => follower.attach(scroller.current!, scroller.current!.firstElementChild!), [follower]);
  const [initialIndex] = useState(() => 1 + (initialPosition ? indexOfSeq(items, initialPosition.seq) : 0));
  useLayoutEffect(() => {
    if (initialPosition)
      list.current!.scrollToIndex(initialIndex, { align: 'start', offset: -initialPosition.offset });
  }, [initialPosition, initialIndex]);
  // Sending a message before the list is positioned moves the target to the bottom.
  useInitialPosition(scroller, isFollowing ? null : initialPosition, count === 0, () => {
    follower.positioned();
    onPositioned(true);
  });
  useEffect(() => () => onPositioned(false), [onPositioned]);
  // Messages adopted from a closed tab must not move the reader.
  useOnIncrease(outgoing.filter(({ isAdopted }) => !isAdopted).length, () => follower.follow());

  const topMessage = visible.first === undefined ? undefined : items[indexOfSeq(items, visible.first)];
  const savePosition = useEffectEvent(() => {
    const position = isPositioned && !isFollowing ? topVisibleRow(scroller.current!) : undefined;
    if (position) savedPositions.set(key, position);
    else if (isFollowing) savedPositions.delete(key);
  });
  useLayoutEffect(() => () => savePosition(), []);

  const isAwayFromEnd = isPositioned && !isFollowing && count > 0;
  const older = useLoadOlder(id, timeline, visible.first);
  const isPrepend = useIsPrepend(firstRowIndex(items), count);
  const data = useMemo<(RowSource | null)[]>(() => [null, ...items, ...outgoing], [items, outgoing]);
  return (
    <div className={styles['area']}>
      <div
        ref={scroller}
        className={styles['list']}
        role="log"
        aria-live="off"
        aria-label={strings.thread.messages}
        // Focusable for keyboard scrolling.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onClickCapture={({ target }) => {
          if ((target as Element).closest('[aria-expanded]')) follower.holdPosition();
        }}
      >
        <Virtualizer ref={list} as={ListContent} data={data} shift={isPrepend} bufferSize={800}>
          {(source, index) =>
            source ? (
              <MessageRow
                key={rowKey(source, meId)}
                source={source}
                previous={data[index - 1] ?? undefined}
                next={data[index + 1] ?? undefined}
                meId={meId}
                isGroup={conversation.kind === 'group'}
                dividerSeq={dividerSeq}
                onRetry={chat.retry}
                onDiscard={chat.discard}
              />
            ) : (
              <HistoryStart
                key="start"
                conversation={conversation}
                hasOlder={hasOlder}
                hasFailed={older.isError}
                onRetry={older.load}
              />
            )
          }
        </Virtualizer>
        <div className={styles['foot']} />
      </div>
      {isAwayFromEnd && topMessage && topMessage !== items[0] && (
        <DayChip message={topMessage} scroller={scroller} />
      )}
      {isAwayFromEnd && <JumpToLatest unread={conversation.unreadCount} onClick={() => follower.follow()} />}
    </div>
  );
}

/**
 * Keeps pointer events on while virtua disables them for moving rows: in a busy thread rows move all the
 * time.
 */
function ListContent({ style, ...others }: CustomContainerComponentProps) {
  return <div {...others} style={{ ...style, pointerEvents: 'auto' }} />;
}

/** Whether rows were prepended, so that the virtual list keeps its distance from the bottom. */
function useIsPrepend(first: number, count: number): boolean {
  const [previous, setPrevious] = useState({ first, count, isPrepend: false });
  if (previous.first === first && previous.count === count) return previous.isPrepend;
  const isPrepend = first < previous.first;
  setPrevious({ first, count, isPrepend });
  return isPrepend;
}

/** Calls `callback` when `count` has increased. */
function useOnIncrease(count: number, callback: () => void) {
  const previous = useRef(count);
  useEffect(() => {
    if (count > previous.current) callback();
    previous.current = count;
  }, [count, callback]);
}
