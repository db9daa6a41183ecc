import { useEffect, useState, type RefObject } from 'react';
import { dayLabel } from '../../lib/days';
import { useNow } from '../../hooks/browser/useNow';
import type { Message } from '../../types/chat';
import styles from './DayChip.module.css';

/** In milliseconds: so long the day stays once the reader has stopped. */
const LINGER = 1_500;

interface Props {
  message: Message;
  scroller: RefObject<HTMLElement | null>;
}

/** The day of what is at the top, while one scrolls. The same is written in the list itself. */
export function DayChip({ message, scroller }: Props) {
  const isScrolling = useIsScrolling(scroller);
  const label = useNow((now) => dayLabel(message.createdAt, now));
  return (
    <div className={styles['chip']} data-shown={isScrolling} aria-hidden="true">
      <span>{label}</span>
    </div>
  );
}

function useIsScrolling(scroller: RefObject<HTMLElement | null>): boolean {
  const [isScrolling, setIsScrolling] = useState(true);
  useEffect(() => {
    let timer = 0;
    const stopLater = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => setIsScrolling(false), LINGER);
    };
    const scrolled = () => {
      setIsScrolling(true);
      stopLater();
    };
    const element = scroller.current;
    element?.addEventListener('scroll', scrolled, { passive: true });
    stopLater();
    return () => {
      window.clearTimeout(timer);
      element?.removeEventListener('scroll', scrolled);
    };
  }, [scroller]);
  return isScrolling;
}
