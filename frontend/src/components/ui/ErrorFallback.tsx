import { strings } from '../../lib/strings';
import { Button } from './Button';
import { EmptyState } from './EmptyState';

/** Fallback for a component that failed, with a button that reloads the page. */
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
