import { useCallback, useEffect, useRef, useState } from 'react';

/** In pixels: the end counts as in view with so much of the list below. */
const MARGIN = 48;

/** In milliseconds: a list follows what is new only once it has measured it; until then it stays at its end. */
const GRACE = 100;

/**
 * Is the end of the newest message in view? `end` is the ref of an element there. It is seen by the browser, not
 * told by the virtual list: while that measures its first row it takes itself to be at its end, and on a slow
 * device says so. Once removed, the element is out of view, too.
 */
export function useAtEnd() {
  const [isAtEnd, setIsAtEnd] = useState(false);
  const observer = useRef<IntersectionObserver>(null);
  const leaving = useRef<number>(undefined);

  const end = useCallback((element: HTMLElement | null) => {
    if (!element) return;
    observer.current?.disconnect();
    const root = element.closest('[data-virtuoso-scroller]');
    const seen = (entries: IntersectionObserverEntry[]) => {
      clearTimeout(leaving.current);
      if (entries.at(-1)?.isIntersecting) setIsAtEnd(true);
      else leaving.current = window.setTimeout(() => setIsAtEnd(false), GRACE);
    };
    observer.current = new IntersectionObserver(seen, { root, rootMargin: `0px 0px ${MARGIN}px` });
    observer.current.observe(element);
  }, []);

  useEffect(
    () => () => {
      observer.current?.disconnect();
      clearTimeout(leaving.current);
    },
    [],
  );
  return { isAtEnd, end };
}
