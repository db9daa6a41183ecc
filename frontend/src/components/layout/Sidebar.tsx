import { SquarePen } from 'lucide-react';
import { useListedConversations } from '../../hooks/useOpenConversation';
import { useConversations } from '../../hooks/useConversations';
import { strings } from '../../lib/strings';
import { ConversationList, ConversationListSkeleton } from '../conversations/ConversationList';
import { credentials } from '../../api/credentials';
import { IconButton } from '../ui/IconButton';
import { AccountButton } from './AccountButton';
import { NoConversations } from '../conversations/NoConversations';
import { LazyOnClick } from '../ui/LazyOnClick';
import { UserMenu } from '../lazyComponents';
import styles from './Sidebar.module.css';

interface Props {
  meId: string;
  openId: string | undefined;
  onStart: () => void;
  onHelp: () => void;
}

export function Sidebar({ meId, openId, onStart, onHelp }: Props) {
  return (
    <section className={styles['sidebar']} aria-label={strings.list.sidebar}>
      <header className={styles['header']}>
        <p className={styles['brand']} aria-hidden="true">
          {strings.product}
        </p>
        <IconButton
          icon={SquarePen}
          label={strings.list.newConversation}
          aria-keyshortcuts="Control+K Meta+K"
          onClick={onStart}
        />
      </header>
      <Conversations meId={meId} openId={openId} onStart={onStart} />
      <footer className={styles['footer']}>
        {credentials().isDev && (
          <p role="note" className={styles['notice']}>
            {strings.user.notVerified}
          </p>
        )}
        <LazyOnClick button={(load) => <AccountButton userId={meId} onClick={load} />}>
          <UserMenu userId={meId} onHelp={onHelp} />
        </LazyOnClick>
      </footer>
    </section>
  );
}

function Conversations({ meId, openId, onStart }: Omit<Props, 'onHelp'>) {
  const { isPending, isFetched } = useConversations();
  const conversations = useListedConversations(meId);
  if (conversations.length > 0) return <ConversationList items={conversations} meId={meId} openId={openId} />;
  if (isPending && !isFetched) return <ConversationListSkeleton />;
  return (
    <div className={styles['emptyState']}>
      <NoConversations onStart={onStart} />
    </div>
  );
}
