import { useEffect, useState } from 'react';
import { subscribeToNewMessages } from '../../api/frameBus';
import { truncate } from '../../lib/truncate';
import { strings } from '../../lib/strings';
import type { MessageFrame } from '../../types/chat';
import { VisuallyHidden } from '../ui/VisuallyHidden';

const MAX_ANNOUNCED = 20;

/** Live region that announces each new message once, even when several arrive together. */
export function MessageAnnouncer() {
  const [announced, setAnnounced] = useState<readonly MessageFrame[]>([]);
  useEffect(
    () =>
      subscribeToNewMessages((message) =>
        setAnnounced((previous) =>
          previous.some(({ id }) => id === message.id)
            ? previous
            : [...previous.slice(1 - MAX_ANNOUNCED), message],
        ),
      ),
    [],
  );
  return (
    <VisuallyHidden>
      <div role="log" aria-label={strings.thread.newMessages} aria-live="polite" aria-relevant="additions">
        {announced.map(({ id, senderId, text }) => (
          <p key={id}>{strings.thread.announcement(senderId, truncate(text, 200))}</p>
        ))}
      </div>
    </VisuallyHidden>
  );
}
