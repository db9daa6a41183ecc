import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Virtuoso, type VirtuosoHandle } from 'react-virtuoso';
import { outstanding, withoutArrived } from '../chat/outbox';
import { entryAt, firstAfter, firstIndex } from '../chat/rows';
import type { Timeline } from '../chat/timeline';
import type { Chat } from '../hooks/useChat';
import { AT_BOTTOM, useAtEnd } from '../hooks/useAtEnd';
import { useOlderMessages } from '../hooks/useMessageHistory';
import { useNewSince, useReading } from '../hooks/useReading';
import { useTopmost } from '../hooks/useTopmost';
import { strings } from '../lib/strings';
import { changeOutbox, useOutbox } from '../store/useOutbox';
import type { Conversation, Message } from '../types/chat';
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
}

/** So many messages above what is drawn are kept loaded. */
const AHEAD = 60;

/** Where somebody was when they left a conversation: the seq at the top. Who was at the end stays at the end. */
const places = new Map<string, number>();
const placeKey = (meId: string, conversationId: string) => `${conversationId}/${meId}`;

const components = { Header: Beginning, Footer: () => <div className={styles['foot']} /> };

export function MessageList({ conversation, timeline, meId, chat }: Props) {
  const { id } = conversation;
  const here = placeKey(meId, id);
  const { items, hasOlder } = timeline;
  const outbox = useOutbox((store) => store.outbox);
  const outgoing = useMemo(() => outstanding(outbox, id, items), [outbox, id, items]);
  useEffect(() => changeOutbox(meId, (all) => withoutArrived(all, items, meId)), [outbox, items, meId]);
  const count = items.length + outgoing.length;
  const lastSeq = items.at(-1)?.seq ?? 0;
  const { seen, end } = useAtEnd();
  const isAtEnd = seen !== null;
  const { top, onScroll } = useTopmost();
  const isReading = useReading(conversation, seen, chat);
  const newSince = useNewSince(conversation, meId, isReading);
  const older = useOlderMessages(id);
  const list = useRef<VirtuosoHandle>(null);
  const [start] = useState(() => startingPlace(items, places.get(here), newSince));

  const rows = { items, outgoing, meId };
  const first = firstIndex(items);
  const toEnd = useCallback(() => list.current?.scrollToIndex({ index: 'LAST', align: 'end' }), []);
  useOnGrowth(outgoing.length, toEnd);

  const topmost = isAtEnd || top === undefined ? undefined : items[top - first];
  useEffect(() => {
    if (isAtEnd) places.delete(here);
    else if (topmost) places.set(here, topmost.seq);
  }, [here, isAtEnd, topmost]);

  const { isPending, isError, mutate } = older;
  const loadOlder = useCallback(() => {
    if (hasOlder && !isPending && items[0]) mutate(items[0].seq);
  }, [hasOlder, isPending, items, mutate]);

  // Older ones are on their way before one gets to them.
  const [drawnFrom, setDrawnFrom] = useState<number>();
  useEffect(() => {
    if (drawnFrom !== undefined && drawnFrom - first < AHEAD && !isError) loadOlder();
  }, [drawnFrom, first, isError, loadOlder]);

  return (
    <div className={styles['area']}>
      <Virtuoso
        ref={list}
        className={styles['list'] ?? ''}
        role="log"
        aria-live="off"
        aria-label={strings.thread.messages}
        components={components}
        context={{ conversation, hasOlder, hasFailed: isError, onRetry: loadOlder }}
        totalCount={count}
        firstItemIndex={first}
        initialTopMostItemIndex={start}
        alignToBottom
        atBottomThreshold={AT_BOTTOM}
        followOutput={(isEnd) => (isEnd ? 'auto' : false)}
        increaseViewportBy={{ top: 1200, bottom: 600 }}
        onScroll={onScroll}
        rangeChanged={({ startIndex }) => setDrawnFrom(startIndex)}
        computeItemKey={(index) => entryAt(rows, index - first)?.key ?? index}
        itemContent={(index) => (
          <>
            <Row rows={rows} at={index - first} conversation={conversation} newSince={newSince} chat={chat} />
            {index - first === count - 1 && <div key={lastSeq} ref={end} data-seq={lastSeq} />}
          </>
        )}
      />
      <DayChip message={topmost === items[0] ? undefined : topmost} />
      {!isAtEnd && count > 0 && <JumpToLatest unread={conversation.unreadCount} onClick={toEnd} />}
    </div>
  );
}

function startingPlace(items: readonly Message[], left: number | undefined, newSince: number | null) {
  const seq = left === undefined ? newSince : left - 1;
  const index = seq === null ? -1 : firstAfter(items, seq);
  // So many are unread that they are not all loaded: those that are begin at the top.
  if (index < 0 && left === undefined && newSince !== null && (items[0]?.seq ?? 0) > newSince) {
    return { index: 0, align: 'start' } as const;
  }
  return index < 0
    ? ({ index: 'LAST', align: 'end' } as const)
    : ({ index, align: 'start', offset: left === undefined ? -96 : 0 } as const);
}

/** What one has just sent is shown, wherever one was. */
function useOnGrowth(count: number, act: () => void) {
  const before = useRef(count);
  useEffect(() => {
    if (count > before.current) act();
    before.current = count;
  }, [count, act]);
}
