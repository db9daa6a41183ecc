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
import { firstIndex, keyOf, startOf, type Place, type Source } from '../../domain/rows';
import { place, type Timeline } from '../../domain/timeline';
import { EndFollower } from '../../hooks/scroll/EndFollower';
import type { Chat } from '../../hooks/useChat';
import { useOlder } from '../../hooks/useOlder';
import { useOutgoing } from '../../hooks/useOutgoing';
import { usePlaced } from '../../hooks/scroll/usePlaced';
import { useNewSince, useReading } from '../../hooks/useReading';
import { topmost, useView } from '../../hooks/scroll/useView';
import { strings } from '../../lib/strings';
import type { Conversation } from '../../types/chat';
import { Beginning } from './Beginning';
import { DayChip } from './DayChip';
import { JumpToLatest } from './JumpToLatest';
import styles from './MessageList.module.css';
import { Row } from './Row';

interface Props {
  conversation: Conversation;
  timeline: Timeline;
  meId: string;
  chat: Chat;
  /** Whether the rows are where they are to be; until then they should be covered. */
  isPlaced: boolean;
  onPlaced: (isPlaced: boolean) => void;
}

/** Where the reader was when they left a conversation: the message at the top. At the end they stay at the end. */
const places = new Map<string, Place>();
const placeKey = (meId: string, conversationId: string) => JSON.stringify([conversationId, meId]);

export function MessageList({ conversation, timeline, meId, chat, isPlaced, onPlaced }: Props) {
  const { id } = conversation;
  const here = placeKey(meId, id);
  const { items, hasOlder } = timeline;
  const outgoing = useOutgoing(id, items, meId);
  const count = items.length + outgoing.length;
  const newestSeq = items.at(-1)?.seq ?? 0;

  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const view = useView(scroller, newestSeq, isPlaced);
  const [wasUnread] = useState(conversation.lastSeq > conversation.readSeq);
  const [start] = useState(() => startOf(items, places.get(here), wasUnread ? conversation.readSeq : null));
  const [follower] = useState(() => new EndFollower(start === null));
  const isFollowing = useSyncExternalStore(follower.subscribe, follower.isFollowing);
  const isReading = useReading(conversation, view.last, isFollowing, chat);
  const newSince = useNewSince(conversation, meId, isReading);

  useLayoutEffect(() => follower.attach(scroller.current!, scroller.current!.firstElementChild!), [follower]);
  const [startIndex] = useState(() => 1 + (start ? place(items, start.seq) : 0));
  useLayoutEffect(() => {
    if (start) list.current!.scrollToIndex(startIndex, { align: 'start', offset: -start.offset });
  }, [start, startIndex]);
  // Who sends before the list is in place goes to its end.
  usePlaced(scroller, isFollowing ? null : start, count === 0, () => {
    follower.placed();
    onPlaced(true);
  });
  useEffect(() => () => onPlaced(false), [onPlaced]);
  useOnGrowth(outgoing.length, () => follower.follow());

  const top = view.first === undefined ? undefined : items[place(items, view.first)];
  const remember = useEffectEvent(() => {
    const left = isPlaced && !isFollowing ? topmost(scroller.current!) : undefined;
    if (left) places.set(here, left);
    else if (isFollowing) places.delete(here);
  });
  useLayoutEffect(() => () => remember(), []);

  const isBrowsing = isPlaced && !isFollowing && count > 0;
  const older = useOlder(id, timeline, view.first);
  const isShift = useIsShift(firstIndex(items), count);
  const data = useMemo<(Source | null)[]>(() => [null, ...items, ...outgoing], [items, outgoing]);
  return (
    <div className={styles['area']}>
      <div
        ref={scroller}
        className={styles['list']}
        role="log"
        aria-live="off"
        aria-label={strings.thread.messages}
        // A reader moves through it by keys.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onClickCapture={({ target }) => {
          if ((target as Element).closest('[aria-expanded]')) follower.release();
        }}
      >
        <Virtualizer ref={list} as={Content} data={data} shift={isShift} bufferSize={800}>
          {(source, index) =>
            source ? (
              <Row
                key={keyOf(source, meId)}
                source={source}
                before={data[index - 1] ?? undefined}
                after={data[index + 1] ?? undefined}
                meId={meId}
                isGroup={conversation.kind === 'group'}
                newSince={newSince}
                onRetry={chat.retry}
                onDiscard={chat.discard}
              />
            ) : (
              <Beginning
                key="beginning"
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
      {isBrowsing && top && top !== items[0] && <DayChip message={top} scroller={scroller} />}
      {isBrowsing && <JumpToLatest unread={conversation.unreadCount} onClick={() => follower.follow()} />}
    </div>
  );
}

/** Of the virtual list, but for its refusal of the pointer while rows move: they may move all the time. */
function Content({ style, ...others }: CustomContainerComponentProps) {
  return <div {...others} style={{ ...style, pointerEvents: 'auto' }} />;
}

/** Whether rows came before the first one: then the list keeps its distance from its end. */
function useIsShift(first: number, count: number): boolean {
  const [held, setHeld] = useState({ first, count, isShift: false });
  if (held.first === first && held.count === count) return held.isShift;
  const isShift = first < held.first;
  setHeld({ first, count, isShift });
  return isShift;
}

/** What one has just sent is shown, wherever one was. */
function useOnGrowth(count: number, act: () => void) {
  const before = useRef(count);
  useEffect(() => {
    if (count > before.current) act();
    before.current = count;
  }, [count, act]);
}
