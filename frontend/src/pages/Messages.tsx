import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { Announcer } from '../components/layout/Announcer';
import { Broken } from '../components/ui/Broken';
import { Button } from '../components/ui/Button';
import { ConnectionBar } from '../components/layout/ConnectionBar';
import { Guard } from '../components/ui/Guard';
import { Hidden } from '../components/ui/Hidden';
import { NoConversations } from '../components/conversations/NoConversations';
import { Bubbles, Notice } from '../components/ui/Notice';
import { loadWhenIdle, ShortcutsSheet, Switcher } from '../components/parts';
import { Sidebar } from '../components/layout/Sidebar';
import { StartButton } from '../components/conversations/StartButton';
import { ThreadSkeleton } from '../components/thread/ThreadSkeleton';
import { useChat, type Chat } from '../hooks/useChat';
import { idOf, useConversation, useListed } from '../hooks/useConversation';
import { useConversations } from '../hooks/useConversations';
import { leave, open, useRoute, type Route } from '../hooks/browser/useRoute';
import { isMac, useShortcuts } from '../hooks/browser/useShortcuts';
import { useUnread } from '../hooks/useUnread';
import { strings } from '../lib/strings';
import type { User } from '../types/chat';
import styles from './Messages.module.css';

// The list is shown first; what comes after it is on its way by then.
const thread = import('../components/thread/Thread');
const Thread = lazy(() => thread);

const { keys } = strings.shortcuts;

type Dialog = 'switcher' | 'shortcuts';

export function Messages({ user }: { user: User }) {
  const chat = useChat(user.id);
  const route = useRoute();
  const openId = idOf(route, user.id);
  const unread = useUnread();
  const listed = useListed(user.id);
  const [dialog, setDialog] = useState<Dialog>();
  const start = useCallback(() => setDialog('switcher'), []);
  const help = useCallback(() => setDialog('shortcuts'), []);
  const close = useCallback(() => setDialog(undefined), []);
  const place = useRef<HTMLDivElement>(null);
  useEffect(loadWhenIdle, []);

  const step = (by: 1 | -1) => {
    const at = listed.findIndex(({ id }) => id === openId);
    const next = listed[at === -1 ? 0 : at + by];
    if (next) open({ id: next.id });
  };
  const shortcuts = { onSwitch: start, onHelp: help, onStep: step, onLeave: leave };
  useShortcuts(shortcuts, dialog !== undefined);

  return (
    <main className={styles['page']} data-open={route !== undefined}>
      <title>{strings.title(unread)}</title>
      <Hidden>
        <h1>{strings.product}</h1>
      </Hidden>
      <button type="button" className={styles['skip']} onClick={() => place.current?.focus()}>
        {strings.page.skip}
      </button>
      <div className={styles['side']}>
        <Sidebar meId={user.id} openId={openId} onStart={start} onHelp={help} />
      </div>
      <div ref={place} tabIndex={-1} className={styles['thread']}>
        <Place meId={user.id} route={route} chat={chat} onStart={start} />
      </div>
      <ConnectionBar isConnected={chat.isConnected} isRefused={chat.isRefused} />
      {dialog && (
        <Guard key={dialog} fallback={null} onError={close}>
          <Suspense>
            {dialog === 'switcher' && <Switcher meId={user.id} onClose={close} />}
            {dialog === 'shortcuts' && <ShortcutsSheet onClose={close} />}
          </Suspense>
        </Guard>
      )}
      <Announcer />
    </main>
  );
}

interface PlaceProps {
  meId: string;
  route: Route | undefined;
  chat: Chat;
  onStart: () => void;
}

/** The open conversation, or what is shown in its place. */
function Place({ meId, route, chat, onStart }: PlaceProps) {
  const { data: list, isFetched } = useConversations();
  const listed = useListed(meId);
  const { conversation, isSearched, isDelayed } = useConversation(meId, route);
  if (conversation) {
    return (
      <Guard key={conversation.id} fallback={<Broken />}>
        <Suspense fallback={<ThreadSkeleton />}>
          <Thread conversation={conversation} meId={meId} chat={chat} />
        </Suspense>
      </Guard>
    );
  }
  if (isDelayed) return <Notice title={strings.thread.failed}>{strings.serverAway}</Notice>;
  if (isSearched) return <ThreadSkeleton />;
  if (list && route) return <Missing />;
  if (listed.length > 0) return <Nothing onStart={onStart} />;
  return isFetched ? <NoConversations onStart={onStart} /> : null;
}

function Missing() {
  return (
    <Notice title={strings.page.notFound} action={<Button onClick={leave}>{strings.page.back}</Button>}>
      {strings.noAccess}
    </Notice>
  );
}

function Nothing({ onStart }: { onStart: () => void }) {
  return (
    <Notice title={strings.page.pickUp} picture={<Bubbles />} action={<StartButton onClick={onStart} />}>
      {strings.page.choose(<kbd>{isMac ? keys.cmd : keys.ctrl} K</kbd>)}
    </Notice>
  );
}
