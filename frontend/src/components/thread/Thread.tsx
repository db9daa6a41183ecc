import { ArrowLeft } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { isTransient } from '../../api/apiClient';
import { isStarted, nameOf } from '../../domain/conversations';
import { outstanding } from '../../domain/outbox';
import type { Timeline } from '../../domain/timeline';
import type { Chat } from '../../hooks/useChat';
import { useMessageHistory } from '../../hooks/useMessageHistory';
import { leave } from '../../hooks/browser/useRoute';
import { useOutbox } from '../../store/useOutbox';
import { isTouch } from '../../lib/isTouch';
import { strings } from '../../lib/strings';
import type { Conversation } from '../../types/chat';
import { Avatar } from '../ui/Avatar';
import { Button } from '../ui/Button';
import { Composer } from './Composer';
import { IconButton } from '../ui/IconButton';
import { MessageList } from './MessageList';
import { Notice } from '../ui/Notice';
import { Row } from './Row';
import { ThreadSkeleton } from './ThreadSkeleton';
import styles from './Thread.module.css';

const NOTHING: Timeline = { items: [], hasOlder: false };

interface Props {
  conversation: Conversation;
  meId: string;
  chat: Chat;
}

export default function Thread({ conversation, meId, chat }: Props) {
  const name = nameOf(conversation);
  const title = useRef<HTMLHeadingElement>(null);
  // Elsewhere the composer takes it; here that would bring up the keyboard.
  useEffect(() => {
    if (isTouch()) title.current?.focus({ preventScroll: true });
  }, []);

  return (
    <section className={styles['thread']} aria-label={strings.thread.label(name)}>
      <header className={styles['header']}>
        <IconButton icon={ArrowLeft} label={strings.page.back} className={styles['back']} onClick={leave} />
        <Avatar name={name} size={38} />
        <div className={styles['who']}>
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
  const timeline = history.data ?? (isNew ? NOTHING : undefined);
  const [wasCached] = useState(timeline !== undefined);
  const [isPlaced, setIsPlaced] = useState(false);
  const hasFailed = !timeline && (history.isFetched || !history.isPending);
  return (
    <div className={styles['history']}>
      {timeline ? (
        <MessageList
          conversation={conversation}
          timeline={timeline}
          meId={meId}
          chat={chat}
          isPlaced={isPlaced}
          onPlaced={setIsPlaced}
        />
      ) : (
        <div className={styles['instead']}>
          {hasFailed ? <Failed error={history.error} onRetry={() => void history.refetch()} /> : <div />}
          <Waiting conversation={conversation} meId={meId} chat={chat} />
        </div>
      )}
      {!hasFailed && !isPlaced && (
        <div className={styles['cover']} data-solid={timeline !== undefined}>
          <ThreadSkeleton isBrief={wasCached} />
        </div>
      )}
    </div>
  );
}

/** It stays while it is tried again: then there is no error for a while. */
function Failed({ error, onRetry }: { error: Error | null; onRetry: () => void }) {
  return (
    <Notice title={strings.thread.failed} action={<Button onClick={onRetry}>{strings.retry}</Button>}>
      {isTransient(error) ? strings.thread.serverAway : strings.noAccess}
    </Notice>
  );
}

/** What was written meanwhile. */
function Waiting({ conversation, meId, chat }: Props) {
  const outbox = useOutbox((store) => store.outbox);
  const outgoing = outstanding(outbox, conversation.id, [], meId);
  return (
    <div role="log" aria-live="off" aria-label={strings.thread.messages}>
      {outgoing.map((source, at) => (
        <Row
          key={source.clientId}
          source={source}
          before={outgoing[at - 1]}
          after={outgoing[at + 1]}
          meId={meId}
          isGroup={conversation.kind === 'group'}
          newSince={null}
          onRetry={chat.retry}
          onDiscard={chat.discard}
        />
      ))}
    </div>
  );
}
