import { ArrowLeft } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { isTransient } from '../../api/apiClient';
import { isStarted, conversationName } from '../../domain/conversations';
import { undelivered } from '../../domain/outbox';
import type { Timeline } from '../../domain/timeline';
import type { Chat } from '../../hooks/useChat';
import { useMessageHistory } from '../../hooks/useMessageHistory';
import { closeConversation } from '../../hooks/browser/useRoute';
import { useOutbox } from '../../store/useOutbox';
import { isTouchDevice } from '../../lib/isTouchDevice';
import { strings } from '../../lib/strings';
import type { Conversation } from '../../types/chat';
import { Avatar } from '../ui/Avatar';
import { Button } from '../ui/Button';
import { Composer } from './Composer';
import { IconButton } from '../ui/IconButton';
import { MessageList } from './MessageList';
import { EmptyState } from '../ui/EmptyState';
import { MessageRow } from './MessageRow';
import { ThreadSkeleton } from './ThreadSkeleton';
import styles from './Thread.module.css';

const EMPTY_TIMELINE: Timeline = { items: [], hasOlder: false };

interface Props {
  conversation: Conversation;
  meId: string;
  chat: Chat;
}

export default function Thread({ conversation, meId, chat }: Props) {
  const name = conversationName(conversation);
  const title = useRef<HTMLHeadingElement>(null);
  // Without a touch screen the composer takes the focus; here that would open the keyboard.
  useEffect(() => {
    if (isTouchDevice()) title.current?.focus({ preventScroll: true });
  }, []);

  return (
    <section className={styles['thread']} aria-label={strings.thread.label(name)}>
      <header className={styles['header']}>
        <IconButton
          icon={ArrowLeft}
          label={strings.page.back}
          className={styles['back']}
          onClick={closeConversation}
        />
        <Avatar name={name} size={38} />
        <div className={styles['title']}>
          <h2 ref={title} tabIndex={-1}>
            <bdi>{name}</bdi>
          </h2>
          {conversation.kind === 'group' && <p>{strings.thread.members(conversation.memberCount)}</p>}
        </div>
      </header>
      <History conversation={conversation} meId={meId} chat={chat} />
      <Composer
        meId={meId}
        conversationId={conversation.id}
        name={name}
        onSend={(text) =>
          chat.send(conversation.id, text, isStarted(conversation) ? undefined : conversation.peerId)
        }
      />
    </section>
  );
}

function History({ conversation, meId, chat }: Props) {
  const isNew = !isStarted(conversation);
  const history = useMessageHistory(isNew ? undefined : conversation.id);
  const timeline = history.data ?? (isNew ? EMPTY_TIMELINE : undefined);
  const [wasCached] = useState(timeline !== undefined);
  const [isPositioned, setIsPositioned] = useState(false);
  const hasFailed = !timeline && (history.isFetched || !history.isPending);
  return (
    <div className={styles['history']}>
      {timeline ? (
        <MessageList
          conversation={conversation}
          timeline={timeline}
          meId={meId}
          chat={chat}
          isPositioned={isPositioned}
          onPositioned={setIsPositioned}
        />
      ) : (
        <div className={styles['placeholder']}>
          {hasFailed ? <LoadError error={history.error} onRetry={() => void history.refetch()} /> : <div />}
          <UnsentMessages conversation={conversation} meId={meId} chat={chat} />
        </div>
      )}
      {!hasFailed && !isPositioned && (
        <div className={styles['overlay']} data-opaque={timeline !== undefined}>
          <ThreadSkeleton isDelayed={wasCached} />
        </div>
      )}
    </div>
  );
}

/** Stays visible during a retry, while the query reports no error. */
function LoadError({ error, onRetry }: { error: Error | null; onRetry: () => void }) {
  return (
    <EmptyState title={strings.thread.failed} action={<Button onClick={onRetry}>{strings.retry}</Button>}>
      {isTransient(error) ? strings.thread.serverUnreachable : strings.noAccess}
    </EmptyState>
  );
}

/** Outgoing messages, shown while history cannot be loaded. */
function UnsentMessages({ conversation, meId, chat }: Props) {
  const outbox = useOutbox((store) => store.outbox);
  const outgoing = undelivered(outbox, conversation.id, [], meId);
  return (
    <div role="log" aria-live="off" aria-label={strings.thread.messages}>
      {outgoing.map((source, index) => (
        <MessageRow
          key={source.clientId}
          source={source}
          previous={outgoing[index - 1]}
          next={outgoing[index + 1]}
          meId={meId}
          isGroup={conversation.kind === 'group'}
          dividerSeq={null}
          onRetry={chat.retry}
          onDiscard={chat.discard}
        />
      ))}
    </div>
  );
}
