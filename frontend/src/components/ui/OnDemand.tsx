import { Suspense, useState, type ReactElement, type ReactNode } from 'react';
import { Guard } from './Guard';

interface Props {
  /** The button as it is until the part is loaded. */
  button: (load: () => void) => ReactElement;
  children: ReactNode;
}

/** A part that is loaded when its button is first pressed. */
export function OnDemand({ button, children }: Props) {
  const [isWanted, setIsWanted] = useState(false);
  const waiting = button(() => setIsWanted(true));
  if (!isWanted) return waiting;
  return (
    <Guard fallback={waiting}>
      <Suspense fallback={waiting}>{children}</Suspense>
    </Guard>
  );
}
