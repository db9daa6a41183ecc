import { isTransient } from '../api/apiClient';
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
      <Notice title="Nobody here yet" picture={<Bubbles />} action={<StartButton onClick={onStart} />}>
        Conversations appear here as soon as you, or somebody else, begins one.
      </Notice>
    );
  }
  return (
    <Notice title="No conversations came" action={<Button onClick={onRetry}>Try again</Button>}>
      {isTransient(error)
        ? 'The server does not answer. Nothing is lost.'
        : 'The server does not accept who you are.'}
    </Notice>
  );
}
