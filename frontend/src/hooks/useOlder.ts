import { useEffect } from 'react';
import { place, type Timeline } from '../domain/timeline';
import { useOlderMessages } from './useMessageHistory';

/** So many messages above what is in view are kept loaded. */
const AHEAD = 80;

/** Loads older messages before one gets to them; `load` tries again after an error. */
export function useOlder(id: string, { items, hasOlder }: Timeline, firstInView: number | undefined) {
  const { isPending, isError, mutate } = useOlderMessages(id);
  const oldest = items[0]?.seq;
  const load = () => {
    if (hasOlder && !isPending && oldest !== undefined) mutate(oldest);
  };
  const isNear = firstInView !== undefined && place(items, firstInView) < AHEAD;
  useEffect(() => {
    if (isNear && hasOlder && !isPending && !isError && oldest !== undefined) mutate(oldest);
  }, [isNear, hasOlder, isPending, isError, oldest, mutate]);
  return { isError, load };
}
