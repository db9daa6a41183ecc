import { Check, CheckCheck, CircleAlert, Clock3 } from 'lucide-react';

export type Delivery = 'pending' | 'sent' | 'read' | 'failed';

const SHOWN = {
  pending: { Icon: Clock3, label: 'Sending' },
  sent: { Icon: Check, label: 'Sent' },
  read: { Icon: CheckCheck, label: 'Read' },
  failed: { Icon: CircleAlert, label: 'Not sent' },
} as const;

/** How far a message of one's own has come. */
export function Ticks({ delivery, size = 15 }: { delivery: Delivery; size?: number }) {
  const { Icon, label } = SHOWN[delivery];
  return (
    <Icon
      size={size}
      strokeWidth={2.2}
      role="img"
      aria-label={label}
      aria-hidden={false}
      data-delivery={delivery}
    />
  );
}
