import { SquarePen } from 'lucide-react';
import { strings } from '../../lib/strings';
import { Button } from '../ui/Button';

export function StartConversationButton({ onClick }: { onClick: () => void }) {
  return (
    <Button onClick={onClick}>
      <SquarePen size={17} aria-hidden="true" />
      {strings.list.startConversation}
    </Button>
  );
}
