import { Suspense, useState, type ReactElement, type ReactNode } from 'react';
import { ErrorBoundary } from './ErrorBoundary';

interface Props {
  /** Renders the button shown until `children` are loaded. */
  button: (load: () => void) => ReactElement;
  children: ReactNode;
}

/** Loads its lazy children when the button is first pressed. */
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
