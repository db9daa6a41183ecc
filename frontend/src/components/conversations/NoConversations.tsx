import { isTransient } from '../../api/apiClient';
import { useConversations } from '../../hooks/useConversations';
import { strings } from '../../lib/strings';
import { useStore } from '../../store/useStore';
import { Button } from '../ui/Button';
import { Bubbles, Notice } from '../ui/Notice';
import { StartButton } from './StartButton';

/**
 * In place of the list, and where there is room for two, of the thread: there are none, or they could not be
 * loaded. The latter stays while they are requested again, when there is no error for a while.
 */
export function NoConversations({ onStart }: { onStart: () => void }) {
  const { data: list, error, refetch } = useConversations();
  const setUser = useStore((store) => store.setUser);
  if (list) {
    return (
      <Notice title={strings.list.empty} picture={<Bubbles />} action={<StartButton onClick={onStart} />}>
        {strings.list.emptyHint}
      </Notice>
    );
  }
  if (error && !isTransient(error)) {
    return (
      <Notice
        title={strings.list.failed}
        action={<Button onClick={() => setUser(null)}>{strings.switchUser}</Button>}
      >
        {strings.notSignedIn}
      </Notice>
    );
  }
  return (
    <Notice
      title={strings.list.failed}
      action={<Button onClick={() => void refetch()}>{strings.retry}</Button>}
    >
      {strings.serverAway}
    </Notice>
  );
}
