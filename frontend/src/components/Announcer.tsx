import { useEffect, useState } from 'react';
import { listen } from '../chat/hub';
import { shorten } from '../lib/graphemes';
import { strings } from '../lib/strings';
import { Hidden } from './Hidden';

const KEPT = 5;

interface Said {
  id: string;
  text: string;
}

/** Says arriving messages to screen readers: each once, also when several come at the same moment. */
export function Announcer({ meId }: { meId: string }) {
  const [said, setSaid] = useState<Said[]>([]);
  useEffect(
    () =>
      listen((frame) => {
        if (frame.type !== 'message' || frame.senderId === meId) return;
        const text = strings.thread.arrived(frame.senderId, shorten(frame.text, 200));
        setSaid((before) => [...before.slice(1 - KEPT), { id: frame.id, text }]);
      }),
    [meId],
  );
  return (
    <Hidden>
      <div role="log" aria-label={strings.thread.newMessages} aria-live="polite" aria-relevant="additions">
        {said.map(({ id, text }) => (
          <p key={id}>{text}</p>
        ))}
      </div>
    </Hidden>
  );
}
