import { Suspense, useState, type ReactElement, type ReactNode } from 'react';
import { ErrorBoundary } from './ErrorBoundary';

interface Props {
  /** The button as it is until the part is loaded. */
  button: (load: () => void) => ReactElement;
  children: ReactNode;
}

/** A part that is loaded when its button is first pressed. */
export function LazyOnClick({ button, children }: Props) {
  const [isRequested, setIsRequested] = useState(false);
  const placeholder = button(() => setIsRequested(true));
  if (!isRequested) return placeholder;
  return (
    <ErrorBoundary fallback={placeholder}>
      <Suspense fallback={placeholder}>{children}</Suspense>
    </ErrorBoundary>
  );
}
