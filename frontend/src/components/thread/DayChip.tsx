import { useEffect, useState, type RefObject } from 'react';
import { dayLabel } from '../../lib/dates';
import { useNow } from '../../hooks/browser/useNow';
import type { Message } from '../../types/chat';
import styles from './DayChip.module.css';

/** Time for which the chip stays after scrolling ends. */
const HIDE_DELAY_MS = 1_500;

interface Props {
  message: Message;
  scroller: RefObject<HTMLElement | null>;
}

/**
 * The day of the topmost message, shown while scrolling. Hidden from screen readers: the list has day
 * headings.
 */
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
