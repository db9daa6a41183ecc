import { Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { MessageAnnouncer } from '../components/layout/MessageAnnouncer';
import { ErrorFallback } from '../components/ui/ErrorFallback';
import { Button } from '../components/ui/Button';
import { ConnectionBar } from '../components/layout/ConnectionBar';
import { ErrorBoundary } from '../components/ui/ErrorBoundary';
import { VisuallyHidden } from '../components/ui/VisuallyHidden';
import { NoConversations } from '../components/conversations/NoConversations';
import { ChatIllustration, EmptyState } from '../components/ui/EmptyState';
import { ConversationSwitcher, preloadWhenIdle, ShortcutsDialog, Thread } from '../components/lazyComponents';
import { Sidebar } from '../components/layout/Sidebar';
import { StartConversationButton } from '../components/conversations/StartConversationButton';
import { ThreadSkeleton } from '../components/thread/ThreadSkeleton';
import { useChat, type Chat } from '../hooks/useChat';
import { conversationIdOf, useOpenConversation, useListedConversations } from '../hooks/useOpenConversation';
import { useConversations } from '../hooks/useConversations';
import { closeConversation, openConversation, useRoute, type Route } from '../hooks/browser/useRoute';
import { isMac, useShortcuts } from '../hooks/browser/useShortcuts';
import { useUnreadCount } from '../hooks/useUnreadCount';
import { strings } from '../lib/strings';
import type { User } from '../types/chat';
import styles from './Messages.module.css';

const { keys } = strings.shortcuts;

type Dialog = 'switcher' | 'shortcuts';

export function Messages({ user }: { user: User }) {
  const chat = useChat(user.id);
  const route = useRoute();
  const openId = conversationIdOf(route, user.id);
  const unread = useUnreadCount();
  const listed = useListedConversations(user.id);
  const [dialog, setDialog] = useState<Dialog>();
  const openSwitcher = useCallback(() => setDialog('switcher'), []);
  const openShortcuts = useCallback(() => setDialog('shortcuts'), []);
  const closeDialog = useCallback(() => setDialog(undefined), []);
  const mainPane = useRef<HTMLDivElement>(null);
  useEffect(preloadWhenIdle, []);

  const openNeighbour = (by: 1 | -1) => {
    const index = listed.findIndex(({ id }) => id === openId);
    const next = listed[index === -1 ? 0 : index + by];
    if (next) openConversation({ id: next.id });
  };
  const shortcuts = {
    onSwitch: openSwitcher,
    onHelp: openShortcuts,
    onStep: openNeighbour,
    onLeave: closeConversation,
  };
  useShortcuts(shortcuts, dialog !== undefined);

  return (
    <main className={styles['page']} data-open={route !== undefined}>
      <title>{strings.pageTitle(unread)}</title>
      <VisuallyHidden>
        <h1>{strings.product}</h1>
      </VisuallyHidden>
      <button type="button" className={styles['skipLink']} onClick={() => mainPane.current?.focus()}>
        {strings.page.skipLink}
      </button>
      <div className={styles['sidebar']}>
        <Sidebar meId={user.id} openId={openId} onStart={openSwitcher} onHelp={openShortcuts} />
      </div>
      <div ref={mainPane} tabIndex={-1} className={styles['thread']}>
        <MainPane meId={user.id} route={route} chat={chat} onStart={openSwitcher} />
      </div>
      <ConnectionBar isConnected={chat.isConnected} isRefused={chat.isRefused} />
      {dialog && (
        <ErrorBoundary key={dialog} fallback={null} onError={closeDialog}>
          <Suspense>
            {dialog === 'switcher' && <ConversationSwitcher meId={user.id} onClose={closeDialog} />}
            {dialog === 'shortcuts' && <ShortcutsDialog onClose={closeDialog} />}
          </Suspense>
        </ErrorBoundary>
      )}
      <MessageAnnouncer />
    </main>
  );
}

interface MainPaneProps {
  meId: string;
  route: Route | undefined;
  chat: Chat;
  onStart: () => void;
}

/** The open conversation or a placeholder. */
function MainPane({ meId, route, chat, onStart }: MainPaneProps) {
  const { data: list, isFetched } = useConversations();
  const listed = useListedConversations(meId);
  const { conversation, isSearching, isRetrying } = useOpenConversation(meId, route);
  if (conversation) {
    return (
      <ErrorBoundary key={conversation.id} fallback={<ErrorFallback />}>
        <Suspense fallback={<ThreadSkeleton />}>
          <Thread conversation={conversation} meId={meId} chat={chat} />
        </Suspense>
      </ErrorBoundary>
    );
  }
  if (isRetrying) return <EmptyState title={strings.thread.failed}>{strings.serverUnreachable}</EmptyState>;
  if (isSearching) return <ThreadSkeleton />;
  if (list && route) return <ConversationNotFound />;
  if (listed.length > 0) return <NoConversationSelected onStart={onStart} />;
  return isFetched ? <NoConversations onStart={onStart} /> : null;
}

function ConversationNotFound() {
  return (
    <EmptyState
      title={strings.page.notFound}
      action={<Button onClick={closeConversation}>{strings.page.back}</Button>}
    >
      {strings.noAccess}
    </EmptyState>
  );
}

function NoConversationSelected({ onStart }: { onStart: () => void }) {
  return (
    <EmptyState
      title={strings.page.nothingSelected}
      illustration={<ChatIllustration />}
      action={<StartConversationButton onClick={onStart} />}
    >
      {strings.page.nothingSelectedHint(<kbd>{isMac ? keys.cmd : keys.ctrl} K</kbd>)}
    </EmptyState>
  );
}
