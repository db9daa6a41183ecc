import { strings } from '../../lib/strings';
import { Button } from './Button';
import { Notice } from './Notice';

/** In place of what broke, or could not be loaded. */
export function Broken() {
  return (
    <Notice
      title={strings.broken.title}
      action={<Button onClick={() => window.location.reload()}>{strings.broken.reload}</Button>}
    >
      {strings.broken.text}
    </Notice>
  );
}
