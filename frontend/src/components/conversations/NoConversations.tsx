import { isTransient } from '../../api/apiClient';
import { useConversations } from '../../hooks/useConversations';
import { strings } from '../../lib/strings';
import { SignInAgainButton } from '../layout/SignInAgainButton';
import { Button } from '../ui/Button';
import { ChatIllustration, EmptyState } from '../ui/EmptyState';
import { StartConversationButton } from './StartConversationButton';

/**
 * Replaces an empty list, and on wide screens the thread too: there are no conversations, or they could not
 * be loaded. The error stays visible during a retry, while the query reports none.
 */
export function NoConversations({ onStart }: { onStart: () => void }) {
  const { data: list, error, refetch } = useConversations();
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
      <EmptyState title={strings.list.failed} action={<SignInAgainButton />}>
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
