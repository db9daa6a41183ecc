import * as Menu from '@radix-ui/react-dropdown-menu';
import { Check } from 'lucide-react';
import { credentials } from '../../api/credentials';
import { strings } from '../../lib/strings';
import { signOut } from '../../session/session';
import { switchUser } from '../../store/addressUser';
import { useStore, type Theme } from '../../store/useStore';
import { AccountButton } from './AccountButton';
import styles from './UserMenu.module.css';

const THEMES: Theme[] = ['system', 'light', 'dark'];

/** Opens when first mounted, since it is loaded by a click on its button. */
export default function UserMenu({ userId, onHelp }: { userId: string; onHelp: () => void }) {
  const { theme, setTheme } = useStore();
  return (
    <Menu.Root modal={false} defaultOpen>
      <Menu.Trigger asChild>
        <AccountButton userId={userId} />
      </Menu.Trigger>
      <Menu.Portal container={document.querySelector('main')}>
        <Menu.Content className={styles['menu']} side="top" align="start" sideOffset={8}>
          <Menu.Label className={styles['label']}>{strings.user.appearance}</Menu.Label>
          <Menu.RadioGroup value={theme} onValueChange={(value) => setTheme(value as Theme)}>
            {THEMES.map((value) => (
              <Menu.RadioItem key={value} value={value} className={styles['item']}>
                {strings.user.themes[value]}
                <Menu.ItemIndicator>
                  <Check size={16} aria-hidden="true" />
                </Menu.ItemIndicator>
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Separator className={styles['line']} />
          <Menu.Item className={styles['item']} onSelect={onHelp}>
            {strings.shortcuts.title}
          </Menu.Item>
          {credentials().isDev ? (
            <>
              <Menu.Item className={styles['item']} onSelect={() => window.open(window.location.pathname)}>
                {strings.user.newTab}
              </Menu.Item>
              <Menu.Item className={styles['item']} onSelect={() => switchUser(null)}>
                {strings.switchUser}
              </Menu.Item>
            </>
          ) : (
            <Menu.Item className={styles['item']} onSelect={() => void signOut()}>
              {strings.user.signOut}
            </Menu.Item>
          )}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
