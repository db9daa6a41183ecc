import { strings } from '../../lib/strings';
import { Button } from './Button';
import { EmptyState } from './EmptyState';

/** In place of what broke, or could not be loaded. */
export function ErrorFallback() {
  return (
    <EmptyState
      title={strings.errorFallback.title}
      action={<Button onClick={() => window.location.reload()}>{strings.errorFallback.reload}</Button>}
    >
      {strings.errorFallback.text}
    </EmptyState>
  );
}
