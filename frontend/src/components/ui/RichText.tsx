import { Fragment, useMemo } from 'react';
import { pieces } from '../../lib/text';

/** Text with its links, each isolated, so that its bidirectional controls end where it ends. */
export function RichText({ text }: { text: string }) {
  const parts = useMemo(() => pieces(text), [text]);
  return (
    <>
      {parts.map((piece, at) =>
        piece.href ? (
          // Pieces never move, so their place is their key.
          // oxlint-disable-next-line react/no-array-index-key
          <bdi key={at}>
            <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
              {piece.text}
            </a>
          </bdi>
        ) : (
          // oxlint-disable-next-line react/no-array-index-key
          <Fragment key={at}>{piece.text}</Fragment>
        ),
      )}
    </>
  );
}
