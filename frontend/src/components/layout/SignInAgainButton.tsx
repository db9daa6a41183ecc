import { credentials } from '../../api/credentials';
import { strings } from '../../lib/strings';
import { endSession } from '../../session/session';
import { switchUser } from '../../store/addressUser';
import { Button } from '../ui/Button';

/** For a user whom the gateway refuses. */
export function SignInAgainButton(props: { isQuiet?: boolean; className?: string | undefined }) {
  return credentials().isDev ? (
    <Button {...props} onClick={() => switchUser(null)}>
      {strings.switchUser}
    </Button>
  ) : (
    <Button {...props} onClick={() => endSession('rejected')}>
      {strings.signIn.submit}
    </Button>
  );
}
