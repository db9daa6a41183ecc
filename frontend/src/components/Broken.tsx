import { Button } from './Button';
import { Notice } from './Notice';

/** In place of what broke, or could not be loaded. */
export function Broken() {
  return (
    <Notice
      title="Something went wrong"
      action={<Button onClick={() => window.location.reload()}>Load the page again</Button>}
    >
      Nothing is lost: what you wrote is kept and sent.
    </Notice>
  );
}
