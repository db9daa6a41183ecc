import { useEffect, useState, type RefObject } from 'react';
import { dayLabel } from '../../lib/dates';
import { useNow } from '../../hooks/browser/useNow';
import type { Message } from '../../types/chat';
import styles from './DayChip.module.css';

/** In milliseconds: so long the day stays once the reader has stopped. */
const HIDE_DELAY_MS = 1_500;

interface Props {
  message: Message;
  scroller: RefObject<HTMLElement | null>;
}

/** The day of what is at the top, while one scrolls. The same is written in the list itself. */
export function DayChip({ message, scroller }: Props) {
  const isScrolling = useIsScrolling(scroller);
  const label = useNow((now) => dayLabel(message.createdAt, now));
  return (
    <div className={styles['chip']} data-visible={isScrolling} aria-hidden="true">
      <span>{label}</span>
    </div>
  );
}

function useIsScrolling(scroller: RefObject<HTMLElement | null>): boolean {
  const [isScrolling, setIsScrolling] = useState(true);
  useEffect(() => {
    let timer = 0;
    const hideLater = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => setIsScrolling(false), HIDE_DELAY_MS);
    };
    const onScroll = () => {
      setIsScrolling(true);
      hideLater();
    };
    const element = scroller.current;
    element?.addEventListener('scroll', onScroll, { passive: true });
    hideLater();
    return () => {
      window.clearTimeout(timer);
      element?.removeEventListener('scroll', onScroll);
    };
  }, [scroller]);
  return isScrolling;
}
