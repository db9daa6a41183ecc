import { useEffect } from 'react';
import { indexOfSeq, type Timeline } from '../domain/timeline';
import { useFetchOlderMessages } from './useMessageHistory';

/** Number of messages kept loaded above the visible ones. */
const PREFETCH_MESSAGES = 80;

/** Loads older messages before the reader reaches them. `load` retries after an error. */
export function useLoadOlder(id: string, { items, hasOlder }: Timeline, firstInView: number | undefined) {
  const { isPending, isError, mutate } = useFetchOlderMessages(id);
  const oldest = items[0]?.seq;
  const load = () => {
    if (hasOlder && !isPending && oldest !== undefined) mutate(oldest);
  };
  const isNear = firstInView !== undefined && indexOfSeq(items, firstInView) < PREFETCH_MESSAGES;
  useEffect(() => {
    if (isNear && hasOlder && !isPending && !isError && oldest !== undefined) mutate(oldest);
  }, [isNear, hasOlder, isPending, isError, oldest, mutate]);
  return { isError, load };
}
