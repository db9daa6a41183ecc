import type { KeyboardEvent } from 'react';
import type { ConversationList as List } from '../chat/conversations';
import { useMoreConversations } from '../hooks/useConversations';
import { strings } from '../lib/strings';
import { Button } from './Button';
import styles from './ConversationList.module.css';
import { ConversationItem } from './ConversationItem';

interface Props {
  list: List;
  meId: string;
  openId: string | undefined;
}

/** Up, down, Home and End move between the conversations. */
function moveFocus(event: KeyboardEvent<HTMLElement>) {
  const links = [...event.currentTarget.querySelectorAll('a')];
  const at = links.findIndex((link) => link === document.activeElement);
  const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: links.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  links[Math.max(0, Math.min(to, links.length - 1))]?.focus();
}

export function ConversationList({ list, meId, openId }: Props) {
  const more = useMoreConversations();
  return (
    <nav className={styles['list']} aria-label={strings.list.label}>
      {/* What is pressed on a link comes up to its list. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <ul onKeyDown={moveFocus}>
        {list.items.map((conversation) => (
          <li key={conversation.id}>
            <ConversationItem conversation={conversation} meId={meId} isOpen={conversation.id === openId} />
          </li>
        ))}
      </ul>
      {list.nextPage && (
        <Button
          isQuiet
          className={styles['more']}
          disabled={more.isPending}
          onClick={() => more.mutate(list.nextPage!)}
        >
          {more.isPending ? strings.loading : strings.showMore}
        </Button>
      )}
    </nav>
  );
}

/** While the list is on its way. */
export function ListSkeleton() {
  return (
    <div className={styles['list']} role="status" aria-label={strings.list.loading}>
      {[62, 48, 70, 40, 55, 66].map((width) => (
        <div key={width} className={styles['skeleton']}>
          <span className={styles['disc']} />
          <span className={styles['bars']}>
            <span style={{ width: '40%' }} />
            <span style={{ width: `${width}%` }} />
          </span>
        </div>
      ))}
    </div>
  );
}
