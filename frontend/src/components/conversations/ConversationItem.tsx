import { memo, type RefObject } from 'react';
import { conversationName } from '../../domain/conversations';
import { shortLabel } from '../../lib/dates';
import { lastUnsent } from '../../domain/outbox';
import { openConversation } from '../../hooks/browser/useRoute';
import { useNow } from '../../hooks/browser/useNow';
import { truncate } from '../../lib/truncate';
import { strings } from '../../lib/strings';
import { draftKey, useDrafts } from '../../store/useDrafts';
import { useOutbox } from '../../store/useOutbox';
import { useStore } from '../../store/useStore';
import type { Conversation } from '../../types/chat';
import { Avatar } from '../ui/Avatar';
import styles from './ConversationItem.module.css';
import { VisuallyHidden } from '../ui/VisuallyHidden';
import { DeliveryStatus } from '../thread/DeliveryStatus';

interface Props {
  conversation: Conversation;
  meId: string;
  isOpen: boolean;
}

interface ItemProps extends Props {
  /** Whether the Tab key reaches this link; arrow keys reach the others. */
  isTabStop: boolean;
  /** Registry of the list's links by conversation id. */
  links: RefObject<Map<string, HTMLAnchorElement>>;
  onFocus: (id: string) => void;
}

export const ConversationItem = memo(function ConversationItem(props: ItemProps) {
  const { conversation, meId, isOpen, isTabStop, links, onFocus } = props;
  const isBeingRead = useStore((store) => store.readingId === conversation.id);
  const unread = isBeingRead ? 0 : conversation.unreadCount;
  const name = conversationName(conversation);
  const label = useNow((now) => shortLabel(conversation.updatedAt, now));
  return (
    <a
      ref={(link) => {
        if (!link) return undefined;
        links.current.set(conversation.id, link);
        return () => void links.current.delete(conversation.id);
      }}
      className={styles['item']}
      href={`#${conversation.id}`}
      tabIndex={isTabStop ? 0 : -1}
      onFocus={() => onFocus(conversation.id)}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        if (!isOpen) openConversation({ id: conversation.id });
      }}
      aria-current={isOpen ? 'page' : undefined}
      data-unread={unread > 0}
    >
      <Avatar name={name} />
      <span className={styles['lines']}>
        <span className={styles['line']}>
          <bdi className={styles['name']}>{name}</bdi>
          <time className={styles['time']} dateTime={conversation.updatedAt}>
            {label}
          </time>
        </span>
        <span className={styles['line']}>
          <Preview conversation={conversation} meId={meId} isOpen={isOpen} />
          {unread > 0 && (
            <span className={styles['badge']}>
              <span aria-hidden="true">{strings.badgeCount(unread)}</span>
              <VisuallyHidden>{strings.list.unread(unread)}</VisuallyHidden>
            </span>
          )}
        </span>
      </span>
    </a>
  );
});

/** The draft, else the last unsent message, else the last message. */
function Preview({ conversation, meId, isOpen }: Props) {
  const draft = useDrafts((store) => store.drafts[draftKey(meId, conversation.id)]);
  const unsent = useOutbox((store) => lastUnsent(store.outbox, conversation.id));
  const last = conversation.lastMessage;
  if (draft && !isOpen) {
    return (
      <span className={styles['preview']}>
        <span className={styles['draft']}>{strings.list.draft}</span>
        <bdi>{truncate(draft, 120)}</bdi>
      </span>
    );
  }
  if (unsent) {
    return (
      <span className={styles['preview']}>
        <DeliveryStatus delivery={unsent.state} size={14} />
        <bdi>{truncate(unsent.text, 120)}</bdi>
      </span>
    );
  }
  if (!last) return <span className={styles['preview']}>{strings.list.noMessages}</span>;
  const isMine = last.senderId === meId;
  return (
    <span className={styles['preview']}>
      {isMine && <DeliveryStatus delivery={last.isRead ? 'read' : 'sent'} size={14} />}
      {!isMine && conversation.kind === 'group' && <bdi>{last.senderId}: </bdi>}
      <bdi>{truncate(last.text, 120)}</bdi>
    </span>
  );
}
