/** Every text that the page shows or reads out, in English. Functions where a text has parameters. */
import type { ReactNode } from 'react';

const plural = new Intl.PluralRules('en');

/** `one` for 1, else `other`. */
function counted(count: number, one: string, other: string): string {
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
  title: (unread: number) => (unread > 0 ? `(${unread}) Parley` : 'Parley'),
  retry: 'Try again',
  close: 'Close',
  loading: 'Loading…',
  showMore: 'Show more',
  showLess: 'Show less',
  serverAway: "Can't reach the server. Nothing is lost; we'll keep trying.",
  noAccess: "This conversation doesn't exist, or you don't have access to it.",
  notSignedIn: "You're not signed in.",
  switchUser: 'Switch user',
  atMost99: (count: number) => (count > 99 ? '99+' : `${count}`),

  welcome: {
    title: 'Who are you?',
    about:
      'Development server: pick any name, no password needed. Open a second tab to chat as someone else.',
    people: 'People',
    otherName: 'Other name',
    submit: 'Continue',
  },

  broken: {
    title: 'Something went wrong',
    text: 'Your messages are safe and will be sent.',
    reload: 'Reload',
  },

  connection: {
    label: 'Connection',
    connecting: 'Connecting…',
    reconnecting: "Reconnecting… You can keep writing; messages are sent when you're back online.",
    notStored: "This browser isn't saving what you write: drafts won't survive a reload.",
  },

  page: {
    skip: 'Skip to the conversation',
    notFound: 'Conversation not found',
    back: 'Back to conversations',
    pickUp: 'Pick up where you left off',
    choose: (keys: ReactNode) => <>Choose a conversation, or press {keys} to start a new one.</>,
  },

  list: {
    sidebar: 'Sidebar',
    label: 'Conversations',
    loading: 'Loading conversations',
    new: 'New conversation',
    start: 'Start a conversation',
    empty: 'No conversations yet',
    emptyHint: 'Start one, or wait for someone to message you.',
    failed: "Couldn't load your conversations",
    noMessages: 'No messages yet',
    draft: 'Draft: ',
    unread: (count: number) => `${count} unread`,
  },

  user: {
    /** Before one's own name, for screen readers. */
    you: 'You are',
    appearance: 'Appearance',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    newTab: 'Open as another user in a new tab',
  },

  switcher: {
    title: 'Go to a conversation',
    label: 'To',
    placeholder: 'Name, e.g. bob',
    results: 'Conversations and people',
    start: (name: ReactNode) => <>Start with “{name}”</>,
    self: "That's you. Pick someone else.",
    notAName: 'A name has at most 128 characters.',
    searching: 'Searching…',
    count: (results: number) => counted(results, 'result', 'results'),
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
    members: (count: number) => counted(count, 'member', 'members'),
    loading: 'Loading messages',
    failed: "Couldn't load messages",
    serverAway: "Can't reach the server. Nothing is lost; messages you write now are sent once it's back.",
    loadingOlder: 'Loading older messages…',
    olderFailed: "Couldn't load older messages.",
    beginning: (name: ReactNode) => <>This is the beginning of your conversation with {name}.</>,
    sayHello: 'Say hello!',
    newMessages: 'New messages',
    jump: 'Jump to latest',
    jumpNew: (count: number) => `Jump to latest, ${count} new`,
    arrived: (sender: string, text: string) => `${sender}: ${text}`,
  },

  message: {
    label: (sender: string | null, time: string) => `${sender ?? 'You'}, ${time}`,
    delivery: { pending: 'Sending', sent: 'Sent', read: 'Read', failed: 'Not sent' },
    failed: (reason: string | undefined) => ['Not sent.', REASONS[reason ?? '']].filter(Boolean).join(' '),
    retry: 'Retry',
    delete: 'Delete',
    /** Behind the name of a button, for screen readers. */
    about: (text: string) => `: ${text}`,
  },

  composer: {
    placeholder: 'Write a message',
    label: (name: string) => `Message to ${name}`,
    send: 'Send',
    left: (count: number) => `${counted(count, 'character', 'characters')} left`,
    over: (count: number) => `${counted(count, 'character', 'characters')} over the limit`,
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
