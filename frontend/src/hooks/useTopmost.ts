import { useRef, useState, type UIEvent } from 'react';

/** The index of the topmost row that is in view: rows above it are drawn, too, so that scrolling is smooth. */
function topmost(scroller: HTMLElement): number | undefined {
  const edge = scroller.getBoundingClientRect().top + 8;
  for (const row of scroller.querySelectorAll<HTMLElement>('[data-item-index]')) {
    if (row.getBoundingClientRect().bottom > edge) return Number(row.dataset['itemIndex']);
  }
  return undefined;
}

/** Which row is at the top, looked up once a frame while one scrolls. */
export function useTopmost() {
  const [top, setTop] = useState<number>();
  const frame = useRef(0);
  const onScroll = ({ currentTarget }: UIEvent<HTMLElement>) => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => setTop(topmost(currentTarget)));
  };
  return { top, onScroll };
}
