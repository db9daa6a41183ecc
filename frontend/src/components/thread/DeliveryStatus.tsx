import { Check, CheckCheck, CircleAlert, Clock3 } from 'lucide-react';
import { strings } from '../../lib/strings';

export type Delivery = 'pending' | 'sent' | 'read' | 'failed';

const ICONS = {
  pending: Clock3,
  sent: Check,
  read: CheckCheck,
  failed: CircleAlert,
} as const;

/** Delivery status of an own message. */
export function DeliveryStatus({ delivery, size = 15 }: { delivery: Delivery; size?: number }) {
  const Icon = ICONS[delivery];
  return (
    <Icon
      size={size}
      strokeWidth={2.2}
      role="img"
      aria-label={strings.message.delivery[delivery]}
      aria-hidden={false}
      data-delivery={delivery}
    />
  );
}
