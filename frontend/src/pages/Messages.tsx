import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { Announcer } from '../components/Announcer';
import { Broken } from '../components/Broken';
import { Button } from '../components/Button';
import { ConnectionBar } from '../components/ConnectionBar';
import { Guard } from '../components/Guard';
import { Hidden } from '../components/Hidden';
import { NoConversations } from '../components/NoConversations';
import { Bubbles, Notice } from '../components/Notice';
import { loadWhenIdle, StartDialog } from '../components/parts';
import { Sidebar } from '../components/Sidebar';
import { StartButton } from '../components/StartButton';
import { ThreadSkeleton } from '../components/ThreadSkeleton';
import { useChat } from '../hooks/useChat';
import { useConversation } from '../hooks/useConversation';
import { useConversations } from '../hooks/useConversations';
import { open, useOpenConversation } from '../hooks/useRoute';
import { isMac, useShortcuts } from '../hooks/useShortcuts';
import { useUnread } from '../hooks/useUnread';
import { strings } from '../lib/strings';
import type { User } from '../types/chat';
import styles from './Messages.module.css';

// The list is shown first; what comes after it is on its way by then.
const thread = import('../components/Thread');
const Thread = lazy(() => thread);

export function Messages({ user }: { user: User }) {
  const chat = useChat(user.id);
  const { data: list, isPending, error, refetch } = useConversations();
  const openId = useOpenConversation();
  const unread = useUnread();
  const [isStarting, setIsStarting] = useState(false);
  const start = useCallback(() => setIsStarting(true), []);
  const stop = useCallback(() => setIsStarting(false), []);
  useShortcuts(start, openId);
  useEffect(loadWhenIdle, []);

  const { conversation, isSearched } = useConversation(openId);
  const known = list?.items.flatMap(({ peerId }) => peerId ?? []) ?? [];
  return (
    <main className={styles['page']} data-open={openId !== undefined}>
      <title>{strings.title(unread)}</title>
      <Hidden>
        <h1>{strings.product}</h1>
      </Hidden>
      <div className={styles['bar']}>
        {list && <ConnectionBar isConnected={chat.isConnected} isRefused={chat.isRefused} />}
      </div>
      <div className={styles['side']}>
        <Sidebar meId={user.id} openId={openId} onStart={start} />
      </div>
      <div className={styles['thread']}>
        {conversation && (
          <Guard key={conversation.id} fallback={<Broken />}>
            <Suspense fallback={<ThreadSkeleton />}>
              <Thread conversation={conversation} meId={user.id} chat={chat} />
            </Suspense>
          </Guard>
        )}
        {isSearched && <ThreadSkeleton />}
        {list && openId && !conversation && !isSearched && <Missing />}
        {list && !openId && list.items.length > 0 && <Nothing onStart={start} />}
        {!isPending && !list?.items.length && !openId && (
          <NoConversations error={error} onRetry={() => void refetch()} onStart={start} />
        )}
      </div>
      {isStarting && (
        <Guard fallback={null} onError={stop}>
          <Suspense>
            <StartDialog meId={user.id} known={known} onClose={stop} />
          </Suspense>
        </Guard>
      )}
      <Announcer />
    </main>
  );
}

function Missing() {
  return (
    <Notice
      title={strings.page.notFound}
      action={<Button onClick={() => open(undefined)}>{strings.page.back}</Button>}
    >
      {strings.noAccess}
    </Notice>
  );
}

function Nothing({ onStart }: { onStart: () => void }) {
  return (
    <Notice title={strings.page.pickUp} picture={<Bubbles />} action={<StartButton onClick={onStart} />}>
      {strings.page.choose(<kbd>{isMac ? '⌘' : 'Ctrl'} K</kbd>)}
    </Notice>
  );
}
