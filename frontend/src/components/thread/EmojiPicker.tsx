import { EmojiPicker as Picker } from 'frimousse';
import { strings } from '../../lib/strings';
import styles from './EmojiPicker.module.css';

/** Newer emoji lack glyphs in many fonts. */
const MAX_EMOJI_VERSION = 15;

export function EmojiPicker({ onPick }: { onPick: (emoji: string) => void }) {
  return (
    <Picker.Root
      className={styles['root']}
      columns={9}
      emojiVersion={MAX_EMOJI_VERSION}
      emojibaseUrl={EMOJI_URL}
      onEmojiSelect={({ emoji }) => onPick(emoji)}
    >
      <Picker.Search
        className={styles['search']}
        placeholder={strings.emoji.search}
        aria-label={strings.emoji.search}
        // Users open the picker to type.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
      />
      <Picker.Viewport className={styles['viewport']}>
        <Picker.Loading className={styles['note']}>{strings.emoji.loading}</Picker.Loading>
        <Picker.Empty className={styles['note']}>{strings.emoji.none}</Picker.Empty>
        <Picker.List
          components={{
            CategoryHeader: ({ category, ...rest }) => (
              <div className={styles['category']} {...rest}>
                {category.label}
              </div>
            ),
            // ARIA indexes are one-based.
            Row: ({ children, ...rest }) => (
              <div {...rest} aria-rowindex={oneBased(rest['aria-rowindex'])}>
                {children}
              </div>
            ),
            Emoji: ({ emoji, ...rest }) => (
              <button
                type="button"
                className={styles['emoji']}
                {...rest}
                role="gridcell"
                aria-colindex={oneBased(rest['aria-colindex'])}
              >
                {emoji.emoji}
              </button>
            ),
          }}
        />
      </Picker.Viewport>
    </Picker.Root>
  );
}

function oneBased(index: number | undefined): number | undefined {
  return index === undefined ? undefined : index + 1;
}
