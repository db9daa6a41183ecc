import * as Popover from '@radix-ui/react-popover';
import { Smile } from 'lucide-react';
import { useState } from 'react';
import { strings } from '../../lib/strings';
import styles from './EmojiButton.module.css';
import { EmojiPicker } from './EmojiPicker';
import { IconButton } from '../ui/IconButton';

/** Opens when first mounted, since it is loaded by a click on its button. */
export default function EmojiButton({ onPick }: { onPick: (emoji: string) => void }) {
  const [isOpen, setIsOpen] = useState(true);
  const pick = (emoji: string) => {
    setIsOpen(false);
    onPick(emoji);
  };
  return (
    <Popover.Root open={isOpen} onOpenChange={setIsOpen}>
      <Popover.Trigger asChild>
        <IconButton icon={Smile} label={strings.emoji.label} isRound />
      </Popover.Trigger>
      <Popover.Portal container={document.querySelector('main')}>
        <Popover.Content
          className={styles['popover']}
          side="top"
          align="start"
          sideOffset={10}
          aria-label={strings.emoji.label}
        >
          <EmojiPicker onPick={pick} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
