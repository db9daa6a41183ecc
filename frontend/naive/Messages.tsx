import { useState, type FormEvent } from 'react';
import { useChatWebSocket } from './hooks/useChatWebSocket';
import { useConversations } from './hooks/useConversations';
import { useMessageHistory } from './hooks/useMessageHistory';
import { useStartConversation } from './hooks/useStartConversation';

/** What was typed into the form's only field, which is empty afterwards. */
function taken(event: FormEvent<HTMLFormElement>): string {
  event.preventDefault();
  const field = event.currentTarget.elements[0] as HTMLInputElement;
  const { value } = field;
  field.value = '';
  return value;
}

export function Messages() {
  const [conversationId, setConversationId] = useState<string | null>(null);
  const [received, setReceived] = useState(0);
  const conversations = useConversations();
  const history = useMessageHistory(conversationId);
  const start = useStartConversation();
  const { isConnected, sendMessage } = useChatWebSocket({ onMessage: () => setReceived((n) => n + 1) });

  return (
    <main>
      <p role="status">
        {isConnected ? 'connected' : 'disconnected'}, {received} received
      </p>
      <form
        aria-label="Start"
        onSubmit={(event) =>
          start.mutate(taken(event), { onSuccess: (conversation) => setConversationId(conversation.id) })
        }
      >
        <input aria-label="Peer" />
      </form>
      <ul aria-label="Conversations">
        {conversations.data?.items.map((conversation) => (
          <li key={conversation.id}>
            <button onClick={() => setConversationId(conversation.id)}>{conversation.peerId}</button>:{' '}
            {conversation.lastMessage?.text}
          </li>
        ))}
      </ul>
      <ol aria-label="Thread">
        {history.data?.items.map((message, index) => (
          <li key={index}>
            {message.senderId}: {message.text}
          </li>
        ))}
      </ol>
      {conversationId && (
        <form aria-label="Send" onSubmit={(event) => sendMessage(conversationId, taken(event))}>
          <input aria-label="Text" />
        </form>
      )}
    </main>
  );
}
