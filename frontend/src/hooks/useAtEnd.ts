import { useCallback, useEffect, useRef, useState } from 'react';

/** In pixels: the end counts as in view with so much of the list below, beside its foot of 12. */
const MARGIN = 36;
export const AT_BOTTOM = MARGIN + 12;

/** In milliseconds: a list follows what is new only once it has measured it; until then it stays at its end. */
const GRACE = 100;

/**
 * The seq of the newest message, while its end is in view; null while it is not. `end` is the ref of an element
 * there, one for each seq, which stands in its `data-seq`. The browser sees it, the virtual list does not tell:
 * while that measures its first row it takes itself to be at its end, and on a slow device says so. Once
 * removed, the element is out of view, too.
 */
export function useAtEnd() {
  const [seen, setSeen] = useState<number | null>(null);
  const observer = useRef<IntersectionObserver>(null);
  const leaving = useRef<number>(undefined);

  const end = useCallback((element: HTMLElement | null) => {
    if (!element) return;
    observer.current?.disconnect();
    const root = element.closest('[data-virtuoso-scroller]');
    const look = (entries: IntersectionObserverEntry[]) => {
      clearTimeout(leaving.current);
      if (entries.at(-1)?.isIntersecting) setSeen(Number(element.dataset['seq']));
      else leaving.current = window.setTimeout(() => setSeen(null), GRACE);
    };
    observer.current = new IntersectionObserver(look, { root, rootMargin: `0px 0px ${MARGIN}px` });
    observer.current.observe(element);
  }, []);

  useEffect(
    () => () => {
      observer.current?.disconnect();
      clearTimeout(leaving.current);
    },
    [],
  );
  return { seen, end };
}
