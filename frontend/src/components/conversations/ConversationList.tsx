import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useConversations, useMoreConversations } from '../../hooks/useConversations';
import { strings } from '../../lib/strings';
import type { Conversation } from '../../types/chat';
import { Button } from '../ui/Button';
import styles from './ConversationList.module.css';
import { ConversationItem } from './ConversationItem';

interface Props {
  items: readonly Conversation[];
  meId: string;
  openId: string | undefined;
}

/** A list with one tab stop (roving tabindex): the link focused by arrow keys, else the open conversation. */
export function ConversationList({ items, meId, openId }: Props) {
  const links = useRef(new Map<string, HTMLAnchorElement>());
  const [focusedId, setFocusedId] = useState<string>();
  const ids = items.map(({ id }) => id);
  const tabStopId = [focusedId, openId].find((id) => id !== undefined && ids.includes(id)) ?? ids[0];
  useRestoreFocus(openId, links);

  const onKeyDown = (event: KeyboardEvent) => {
    const index = ids.indexOf(tabStopId ?? '');
    const target = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: ids.length - 1 }[event.key];
    if (target === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    links.current.get(ids[Math.max(0, Math.min(target, ids.length - 1))] ?? '')?.focus();
  };

  return (
    <nav className={styles['list']} aria-label={strings.list.label}>
      {/* Handles keys that bubble up from the links. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <ul onKeyDown={onKeyDown} onBlur={() => setFocusedId(undefined)}>
        {items.map((conversation) => (
          <li key={conversation.id}>
            <ConversationItem
              conversation={conversation}
              meId={meId}
              isOpen={conversation.id === openId}
              isTabStop={conversation.id === tabStopId}
              links={links}
              onFocus={setFocusedId}
            />
          </li>
        ))}
      </ul>
      <LoadMore />
    </nav>
  );
}

/** Focuses the link of a conversation when it is closed. */
function useRestoreFocus(openId: string | undefined, links: React.RefObject<Map<string, HTMLAnchorElement>>) {
  const previousId = useRef(openId);
  useEffect(() => {
    if (previousId.current !== undefined && openId === undefined)
      links.current.get(previousId.current)?.focus();
    previousId.current = openId;
  }, [openId, links]);
}

function LoadMore() {
  const { data: list } = useConversations();
  const { mutate, isPending, failureCount } = useMoreConversations();
  if (!list?.nextPage) return null;
  return (
    <>
      <Button
        isQuiet
        className={styles['loadMore']}
        disabled={isPending}
        onClick={() => list.nextPage && mutate(list.nextPage)}
      >
        {isPending ? strings.loading : strings.showMore}
      </Button>
      <p role="status" className={styles['error']}>
        {failureCount > 0 && strings.serverUnreachable}
      </p>
    </>
  );
}

/** Shown while the list is loading. */
export function ConversationListSkeleton() {
  return (
    <div className={styles['list']} role="status" aria-label={strings.list.loading}>
      {[62, 48, 70, 40, 55, 66].map((width) => (
        <div key={width} className={styles['skeleton']}>
          <span className={styles['avatar']} />
          <span className={styles['bars']}>
            <span style={{ width: '40%' }} />
            <span style={{ width: `${width}%` }} />
          </span>
        </div>
      ))}
    </div>
  );
}
