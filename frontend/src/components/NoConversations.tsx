import { isTransient } from '../api/apiClient';
import { strings } from '../lib/strings';
import { Button } from './Button';
import { Bubbles, Notice } from './Notice';
import { StartButton } from './StartButton';

interface Props {
  /** Why they did not come; null: there are none. */
  error: Error | null;
  onRetry: () => void;
  onStart: () => void;
}

/** In place of the list, and where there is room for two, of the thread. */
export function NoConversations({ error, onRetry, onStart }: Props) {
  if (!error) {
    return (
      <Notice title={strings.list.empty} picture={<Bubbles />} action={<StartButton onClick={onStart} />}>
        {strings.list.emptyHint}
      </Notice>
    );
  }
  return (
    <Notice title={strings.list.failed} action={<Button onClick={onRetry}>{strings.retry}</Button>}>
      {isTransient(error) ? strings.serverAway : strings.notSignedIn}
    </Notice>
  );
}
