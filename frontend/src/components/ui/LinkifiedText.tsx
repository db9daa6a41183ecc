import { Fragment, useMemo } from 'react';
import { linkSegments } from '../../lib/text';

/** Text with its links, each isolated so that its bidirectional controls do not affect what follows. */
export function LinkifiedText({ text }: { text: string }) {
  const segments = useMemo(() => linkSegments(text), [text]);
  return (
    <>
      {segments.map((segment, index) =>
        segment.href ? (
          // Segments never move, so the index is a stable key.
          // oxlint-disable-next-line react/no-array-index-key
          <bdi key={index}>
            <a href={segment.href} target="_blank" rel="noopener noreferrer nofollow">
              {segment.text}
            </a>
          </bdi>
        ) : (
          // oxlint-disable-next-line react/no-array-index-key
          <Fragment key={index}>{segment.text}</Fragment>
        ),
      )}
    </>
  );
}
