/** The string catalogue: every visible or announced text, in English. Texts with parameters are functions. */
import type { ReactNode } from 'react';

const plural = new Intl.PluralRules('en');

/** `1 <one>`, else `<count> <other>`. */
function pluralize(count: number, one: string, other: string): string {
  return `${count} ${plural.select(count) === 'one' ? one : other}`;
}

/** Why a message was not sent, by error code or rejection reason. Others show no reason. */
const REASONS: Readonly<Record<string, string>> = {
  not_found: "This conversation doesn't exist, or you don't have access to it.",
  too_big: 'The message is too long.',
  invalid: "The server can't accept this text.",
  unavailable: "The server couldn't confirm it.",
};

export const strings = {
  product: 'Parley',
  pageTitle: (unread: number) => (unread > 0 ? `(${unread}) Parley` : 'Parley'),
  retry: 'Try again',
  close: 'Close',
  loading: 'Loading…',
  showMore: 'Show more',
  showLess: 'Show less',
  serverUnreachable: "Can't reach the server. Nothing is lost; we'll keep trying.",
  noAccess: "This conversation doesn't exist, or you don't have access to it.",
  notSignedIn: "You're not signed in.",
  switchUser: 'Switch user',
  badgeCount: (count: number) => (count > 99 ? '99+' : `${count}`),

  welcome: {
    title: 'Who are you?',
    description:
      'Development server: pick any name, no password needed. Open a second tab to chat as someone else.',
    users: 'People',
    anotherName: 'Another name',
    submit: 'Continue',
  },

  signIn: {
    title: 'Sign in to Parley',
    description: 'You sign in with the account of your organization.',
    submit: 'Sign in',
    waiting: 'One moment…',
    problems: {
      denied: 'Sign-in was cancelled or not allowed.',
      unreachable: "Can't reach the sign-in service. Check your connection and try again.",
      expired: 'This sign-in took too long. Try again.',
      failed: "Sign-in didn't work. Try again; if it keeps failing, contact your administrator.",
      ended: 'Your session has ended. Sign in again; your unsent messages are kept.',
      rejected: "This server doesn't accept your account. Sign in again, or contact your administrator.",
      insecure: 'Sign-in needs a secure connection. Open this page with https.',
    },
    unavailable: "Can't reach the server",
    unavailableHint: 'Check your connection and try again.',
    unconfigured: "Sign-in isn't set up",
    unconfiguredHint: 'Ask the operator of this server to set OIDC_ISSUER and OIDC_CLIENT_ID.',
  },

  errorFallback: {
    title: 'Something went wrong',
    text: 'Your messages are safe and will be sent.',
    reload: 'Reload',
  },

  connection: {
    label: 'Connection',
    connecting: 'Connecting…',
    reconnecting: "Reconnecting… You can keep writing; messages are sent when you're back online.",
    issuerAway: "Can't reach the sign-in service. Your messages are sent when it's back.",
    draftsNotSaved: "Your browser isn't saving data, so drafts won't survive a reload.",
  },

  page: {
    skipLink: 'Skip to conversation',
    notFound: 'Conversation not found',
    back: 'Back to conversations',
    nothingSelected: 'Pick up where you left off',
    nothingSelectedHint: (keys: ReactNode) => <>Choose a conversation, or press {keys} to start a new one.</>,
  },

  list: {
    sidebar: 'Sidebar',
    label: 'Conversations',
    loading: 'Loading conversations',
    newConversation: 'New conversation',
    startConversation: 'Start a conversation',
    empty: 'No conversations yet',
    emptyHint: 'Start one, or wait for someone to message you.',
    failed: "Couldn't load your conversations",
    noMessages: 'No messages yet',
    draft: 'Draft: ',
    unread: (count: number) => `${count} unread`,
  },

  user: {
    /** Precedes the user's name, for screen readers. */
    signedInAs: 'Signed in as',
    appearance: 'Appearance',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    newTab: 'Open a new tab as another user',
    signOut: 'Sign out',
    notVerified: 'Development server: identities are not checked.',
  },

  switcher: {
    title: 'Find or start a conversation',
    label: 'To',
    placeholder: 'Name, e.g. bob',
    resultsLabel: 'Conversations and people',
    messageUser: (name: ReactNode) => <>Message “{name}”</>,
    isYou: "That's you. Pick someone else.",
    invalidName: 'Names can have up to 128 characters.',
    searching: 'Searching…',
    resultCount: (results: number) => pluralize(results, 'result', 'results'),
  },

  shortcuts: {
    title: 'Keyboard shortcuts',
    keys: {
      alt: 'Alt',
      cmd: '⌘',
      ctrl: 'Ctrl',
      enter: 'Enter',
      escape: 'Esc',
      option: '⌥',
      shift: 'Shift',
    },
    actions: {
      switch: 'Find or start a conversation',
      next: 'Next conversation',
      previous: 'Previous conversation',
      send: 'Send message',
      newLine: 'New line',
      leave: 'Close conversation',
      help: 'Show keyboard shortcuts',
    },
  },

  thread: {
    label: (name: string) => `Conversation with ${name}`,
    messages: 'Messages',
    members: (count: number) => pluralize(count, 'member', 'members'),
    loading: 'Loading messages',
    failed: "Couldn't load messages",
    serverUnreachable: "Can't reach the server. You can keep writing; messages are sent when it's back.",
    loadingOlder: 'Loading older messages…',
    olderFailed: "Couldn't load older messages.",
    beginning: (name: ReactNode) => <>This is the beginning of your conversation with {name}.</>,
    firstMessageHint: 'Send the first message.',
    newMessages: 'New messages',
    jump: 'Jump to latest',
    jumpNew: (count: number) => `Jump to latest, ${count} new`,
    announcement: (sender: string, text: string) => `${sender}: ${text}`,
  },

  message: {
    label: (sender: string | null, time: string) => `${sender ?? 'You'}, ${time}`,
    delivery: { pending: 'Sending', sent: 'Sent', read: 'Read', failed: 'Not sent' },
    failed: (reason: string | undefined) => ['Not sent.', REASONS[reason ?? '']].filter(Boolean).join(' '),
    retry: 'Retry',
    delete: 'Delete',
    /** Follows a button's label, for screen readers. */
    buttonSuffix: (text: string) => `: ${text}`,
  },

  composer: {
    placeholder: 'Write a message',
    label: (name: string) => `Message to ${name}`,
    send: 'Send',
    charactersLeft: (count: number) => `${pluralize(count, 'character', 'characters')} left`,
    charactersOver: (count: number) => `${pluralize(count, 'character', 'characters')} over the limit`,
    hint: (enter: ReactNode, shift: ReactNode) => (
      <>
        {enter} to send, {shift} + {enter} for a new line
      </>
    ),
    keys: { enter: 'Enter', shift: 'Shift' },
  },

  emoji: {
    label: 'Emoji',
    search: 'Search emoji',
    loading: 'Loading emoji…',
    none: 'No emoji found',
  },
};
