import { useEffect, useState } from 'react';
import { listen } from '../chat/hub';
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
        const text = `${frame.senderId}: ${frame.text.slice(0, 200)}`;
        setSaid((before) => [...before.slice(1 - KEPT), { id: frame.id, text }]);
      }),
    [meId],
  );
  return (
    <Hidden>
      <div role="log" aria-label="What arrives" aria-live="polite" aria-relevant="additions">
        {said.map(({ id, text }) => (
          <p key={id}>{text}</p>
        ))}
      </div>
    </Hidden>
  );
}
