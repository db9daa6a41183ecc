import { EmojiPicker as Picker } from 'frimousse';
import styles from './EmojiPicker.module.css';

export function EmojiPicker({ onPick }: { onPick: (emoji: string) => void }) {
  return (
    <Picker.Root
      className={styles['root']}
      columns={9}
      emojibaseUrl={EMOJI_URL}
      onEmojiSelect={({ emoji }) => onPick(emoji)}
    >
      <Picker.Search
        className={styles['search']}
        placeholder="Find an emoji"
        aria-label="Find an emoji"
        // It is opened to be typed into.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
      />
      <Picker.Viewport className={styles['viewport']}>
        <Picker.Loading className={styles['note']}>Loading emoji…</Picker.Loading>
        <Picker.Empty className={styles['note']}>No such emoji</Picker.Empty>
        <Picker.List
          components={{
            CategoryHeader: ({ category, ...rest }) => (
              <div className={styles['category']} {...rest}>
                {category.label}
              </div>
            ),
            // ARIA counts from 1.
            Row: ({ children, ...rest }) => (
              <div {...rest} aria-rowindex={fromOne(rest['aria-rowindex'])}>
                {children}
              </div>
            ),
            Emoji: ({ emoji, ...rest }) => (
              <button
                type="button"
                className={styles['emoji']}
                {...rest}
                role="gridcell"
                aria-colindex={fromOne(rest['aria-colindex'])}
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

function fromOne(index: number | undefined): number | undefined {
  return index === undefined ? undefined : index + 1;
}
