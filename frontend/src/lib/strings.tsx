/** Every text that the page shows or reads out, in English. Functions where a text has parameters. */
import type { ReactNode } from 'react';

const plural = new Intl.PluralRules('en');

/** `one` for 1, else `other`. */
function pluralize(count: number, one: string, other: string): string {
  return `${count} ${plural.select(count) === 'one' ? one : other}`;
}

/** Why a message was not sent, by the code of an error or the reason of a rejection. Others are not named. */
const REASONS: Readonly<Record<string, string>> = {
  not_found: "This conversation doesn't exist, or you don't have access to it.",
  too_big: 'It is too long.',
  invalid: 'The server refused this text.',
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
    anotherName: 'Other name',
    submit: 'Continue',
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
    draftsNotSaved: "This browser isn't saving what you write: drafts won't survive a reload.",
  },

  page: {
    skipLink: 'Skip to the conversation',
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
    /** Before one's own name, for screen readers. */
    signedInAs: 'You are',
    appearance: 'Appearance',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    newTab: 'Open as another user in a new tab',
  },

  switcher: {
    title: 'Go to a conversation',
    label: 'To',
    placeholder: 'Name, e.g. bob',
    resultsLabel: 'Conversations and people',
    messageUser: (name: ReactNode) => <>Start with “{name}”</>,
    isYou: "That's you. Pick someone else.",
    invalidName: 'A name has at most 128 characters.',
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
      switch: 'Go to or start a conversation',
      next: 'Next conversation',
      previous: 'Previous conversation',
      send: 'Send the message',
      newLine: 'New line',
      leave: 'Leave the conversation',
      help: 'Show these shortcuts',
    },
  },

  thread: {
    label: (name: string) => `Conversation with ${name}`,
    messages: 'Messages',
    members: (count: number) => pluralize(count, 'member', 'members'),
    loading: 'Loading messages',
    failed: "Couldn't load messages",
    serverUnreachable:
      "Can't reach the server. Nothing is lost; messages you write now are sent once it's back.",
    loadingOlder: 'Loading older messages…',
    olderFailed: "Couldn't load older messages.",
    beginning: (name: ReactNode) => <>This is the beginning of your conversation with {name}.</>,
    firstMessageHint: 'Say hello!',
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
    /** Behind the name of a button, for screen readers. */
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
        {enter} sends, {shift} + {enter} starts a new line
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
