import { isTransient } from '../../api/apiClient';
import { useConversations } from '../../hooks/useConversations';
import { strings } from '../../lib/strings';
import { useStore } from '../../store/useStore';
import { Button } from '../ui/Button';
import { ChatIllustration, EmptyState } from '../ui/EmptyState';
import { StartConversationButton } from './StartConversationButton';

/**
 * In place of the list, and where there is room for two, of the thread: there are none, or they could not be
 * loaded. The latter stays while they are requested again, when there is no error for a while.
 */
export function NoConversations({ onStart }: { onStart: () => void }) {
  const { data: list, error, refetch } = useConversations();
  const setUser = useStore((store) => store.setUser);
  if (list) {
    return (
      <EmptyState
        title={strings.list.empty}
        illustration={<ChatIllustration />}
        action={<StartConversationButton onClick={onStart} />}
      >
        {strings.list.emptyHint}
      </EmptyState>
    );
  }
  if (error && !isTransient(error)) {
    return (
      <EmptyState
        title={strings.list.failed}
        action={<Button onClick={() => setUser(null)}>{strings.switchUser}</Button>}
      >
        {strings.notSignedIn}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title={strings.list.failed}
      action={<Button onClick={() => void refetch()}>{strings.retry}</Button>}
    >
      {strings.serverUnreachable}
    </EmptyState>
  );
}
