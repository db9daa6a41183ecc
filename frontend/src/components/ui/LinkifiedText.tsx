import { Fragment, useMemo } from 'react';
import { linkSegments } from '../../lib/text';

/** Text with its links, each isolated, so that its bidirectional controls end where it ends. */
export function LinkifiedText({ text }: { text: string }) {
  const segments = useMemo(() => linkSegments(text), [text]);
  return (
    <>
      {segments.map((segment, index) =>
        segment.href ? (
          // Pieces never move, so their place is their key.
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
