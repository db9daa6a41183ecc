import { useEffect, useState } from 'react';
import { subscribeNews } from '../../api/hub';
import { shorten } from '../../lib/graphemes';
import { strings } from '../../lib/strings';
import type { MessageFrame } from '../../types/chat';
import { Hidden } from '../ui/Hidden';

const KEPT = 20;

/** Reads arriving messages to screen readers: each once, also when several come at the same moment. */
export function Announcer() {
  const [arrived, setArrived] = useState<readonly MessageFrame[]>([]);
  useEffect(
    () =>
      subscribeNews((message) =>
        setArrived((before) =>
          before.some(({ id }) => id === message.id) ? before : [...before.slice(1 - KEPT), message],
        ),
      ),
    [],
  );
  return (
    <Hidden>
      <div role="log" aria-label={strings.thread.newMessages} aria-live="polite" aria-relevant="additions">
        {arrived.map(({ id, senderId, text }) => (
          <p key={id}>{strings.thread.arrived(senderId, shorten(text, 200))}</p>
        ))}
      </div>
    </Hidden>
  );
}
