import { credentials } from '../../api/credentials';
import { strings } from '../../lib/strings';
import { signIn } from '../../session/session';
import { switchUser } from '../../store/addressUser';
import { Button } from '../ui/Button';

/** For a user whom the gateway refuses. */
export function SignInAgainButton(props: { isQuiet?: boolean; className?: string | undefined }) {
  return credentials().isDev ? (
    <Button {...props} onClick={() => switchUser(null)}>
      {strings.switchUser}
    </Button>
  ) : (
    <Button {...props} onClick={() => void signIn()}>
      {strings.signIn.submit}
    </Button>
  );
}
