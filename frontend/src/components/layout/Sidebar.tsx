import { SquarePen } from 'lucide-react';
import { useListed } from '../../hooks/useConversation';
import { useConversations } from '../../hooks/useConversations';
import { strings } from '../../lib/strings';
import { ConversationList, ListSkeleton } from '../conversations/ConversationList';
import { IconButton } from '../ui/IconButton';
import { Me } from './Me';
import { NoConversations } from '../conversations/NoConversations';
import { OnDemand } from '../ui/OnDemand';
import { UserMenu } from '../parts';
import styles from './Sidebar.module.css';

interface Props {
  meId: string;
  openId: string | undefined;
  onStart: () => void;
  onHelp: () => void;
}

export function Sidebar({ meId, openId, onStart, onHelp }: Props) {
  return (
    <section className={styles['side']} aria-label={strings.list.sidebar}>
      <header className={styles['header']}>
        <p className={styles['brand']} aria-hidden="true">
          {strings.product}
        </p>
        <IconButton
          icon={SquarePen}
          label={strings.list.new}
          aria-keyshortcuts="Control+K Meta+K"
          onClick={onStart}
        />
      </header>
      <Conversations meId={meId} openId={openId} onStart={onStart} />
      <footer className={styles['footer']}>
        <OnDemand button={(load) => <Me userId={meId} onClick={load} />}>
          <UserMenu userId={meId} onHelp={onHelp} />
        </OnDemand>
      </footer>
    </section>
  );
}

function Conversations({ meId, openId, onStart }: Omit<Props, 'onHelp'>) {
  const { isPending, isFetched } = useConversations();
  const listed = useListed(meId);
  if (listed.length > 0) return <ConversationList items={listed} meId={meId} openId={openId} />;
  if (isPending && !isFetched) return <ListSkeleton />;
  return (
    <div className={styles['instead']}>
      <NoConversations onStart={onStart} />
    </div>
  );
}
