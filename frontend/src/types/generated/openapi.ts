// Made by `npm run types` from docs/contract. Do not edit.
export interface paths {
    "/messages/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's conversations, newest first */
        get: operations["listConversations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A conversation's messages, oldest first; without a bound its newest */
        get: operations["readHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The frames that a socket would have received after a cursor */
        get: operations["readSync"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The conversation with a peer; the same one every time
         * @description Both members' next calls see it. Safe to repeat.
         */
        post: operations["startConversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a message
         * @description An accepted message is never lost. With the same `clientId` it stays the same message.
         */
        post: operations["sendMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mark messages as read
         * @description The mark never moves back; beyond the last message it means the last message.
         */
        post: operations["moveRead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/ws-tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A ticket for one WebSocket
         * @description For clients that cannot send a header with a WebSocket, so that no token stands in a URL.
         */
        post: operations["createWebSocketTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Does this process make progress? */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Should this process get traffic? */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Accepted
         * @description In the log. The read models have it once they are past `position`.
         * @example {
         *       "position": "d4bd64c61d04670f-8-2",
         *       "status": "accepted"
         *     }
         */
        Accepted: {
            /** @example d4bd64c61d04670f-8-2 */
            position: string;
            /** @constant */
            status: "accepted";
        };
        /**
         * AcceptedMessage
         * @example {
         *       "id": "719a8fe8-4885-5030-a2e4-d73ce2200ea5",
         *       "conversationId": "e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8",
         *       "position": "d4bd64c61d04670f-8-2",
         *       "status": "accepted"
         *     }
         */
        AcceptedMessage: {
            /** @example d4bd64c61d04670f-8-2 */
            position: string;
            /** @constant */
            status: "accepted";
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            conversationId: string;
        };
        /**
         * Conversation
         * @description A conversation as one member sees it.
         * @example {
         *       "id": "e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8",
         *       "kind": "direct",
         *       "title": null,
         *       "peerId": "bob",
         *       "members": [
         *         "ann",
         *         "bob"
         *       ],
         *       "memberCount": 2,
         *       "lastMessage": {
         *         "id": "719a8fe8-4885-5030-a2e4-d73ce2200ea5",
         *         "conversationId": "e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8",
         *         "seq": 1,
         *         "senderId": "ann",
         *         "text": "Lunch?",
         *         "createdAt": "2026-01-15T09:30:00.250Z",
         *         "version": 2,
         *         "clientId": "lunch-1",
         *         "isRead": false
         *       },
         *       "lastSeq": 1,
         *       "readSeq": 1,
         *       "unreadCount": 0,
         *       "createdAt": "2026-01-15T09:29:00.000Z",
         *       "updatedAt": "2026-01-15T09:30:00.250Z",
         *       "version": 3
         *     }
         */
        Conversation: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "direct" | "group";
            title: string | null;
            peerId?: string;
            members: string[];
            memberCount: number;
            lastMessage: components["schemas"]["Message"] | null;
            lastSeq: number;
            readSeq: number;
            unreadCount: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            /** @description Grows with every change: drop what is not above the version that you hold. */
            version: number;
        };
        /**
         * ConversationFrame
         * @description A conversation, new or changed.
         */
        ConversationFrame: {
            /** Format: uuid */
            conversationId: string;
            /** @enum {string} */
            kind: "direct" | "group";
            title: string | null;
            /** @description In join order, the first 100. */
            members: string[];
            memberCount: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            /** @description Grows with every change: drop what is not above the version that you hold. */
            version: number;
            /** @constant */
            type: "conversation";
        };
        /**
         * ConversationPage
         * @description At most 512 KiB of items: with long texts fewer than `limit`, although there is a `nextPage`.
         * @example {
         *       "items": [
         *         {
         *           "id": "e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8",
         *           "kind": "direct",
         *           "title": null,
         *           "peerId": "bob",
         *           "members": [
         *             "ann",
         *             "bob"
         *           ],
         *           "memberCount": 2,
         *           "lastMessage": {
         *             "id": "719a8fe8-4885-5030-a2e4-d73ce2200ea5",
         *             "conversationId": "e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8",
         *             "seq": 1,
         *             "senderId": "ann",
         *             "text": "Lunch?",
         *             "createdAt": "2026-01-15T09:30:00.250Z",
         *             "version": 2,
         *             "clientId": "lunch-1",
         *             "isRead": false
         *           },
         *           "lastSeq": 1,
         *           "readSeq": 1,
         *           "unreadCount": 0,
         *           "createdAt": "2026-01-15T09:29:00.000Z",
         *           "updatedAt": "2026-01-15T09:30:00.250Z",
         *           "version": 3
         *         }
         *       ],
         *       "nextPage": null,
         *       "cursor": "AdS9ZMYdBGcPSZFeDQwBAQEBAQEBAQQBAQE5ZVW0"
         *     }
         */
        ConversationPage: {
            items: components["schemas"]["Conversation"][];
            nextPage: string | null;
            cursor: string;
        };
        /**
         * Message
         * @description A message as one caller sees it.
         * @example {
         *       "id": "719a8fe8-4885-5030-a2e4-d73ce2200ea5",
         *       "conversationId": "e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8",
         *       "seq": 1,
         *       "senderId": "ann",
         *       "text": "Lunch?",
         *       "createdAt": "2026-01-15T09:30:00.250Z",
         *       "version": 2,
         *       "clientId": "lunch-1",
         *       "isRead": false
         *     }
         */
        Message: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            conversationId: string;
            /** @description Dense number inside the conversation: 1, 2, 3 …, no gaps. */
            seq: number;
            senderId: string;
            text: string;
            /** Format: date-time */
            createdAt: string;
            /** @description Grows with every change: drop what is not above the version that you hold. */
            version: number;
            clientId?: string;
            /**
             * @description Of another's message: I have read it. Of mine: every other member to whom it is visible has. It moves
             *     without `version`: live it is announced by `read` frames, and by messages, since who writes has read what
             *     is before; a later answer is right about it.
             */
            isRead: boolean;
        };
        /**
         * MessageFrame
         * @description A message.
         */
        MessageFrame: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            conversationId: string;
            /** @description Dense number inside the conversation: 1, 2, 3 …, no gaps. */
            seq: number;
            senderId: string;
            text: string;
            /** Format: date-time */
            createdAt: string;
            /** @description Grows with every change: drop what is not above the version that you hold. */
            version: number;
            clientId?: string;
            /**
             * @description Of another's message: I have read it. Of mine: every other member to whom it is visible has. It moves
             *     without `version`: live it is announced by `read` frames, and by messages, since who writes has read what
             *     is before; a later answer is right about it.
             */
            isRead: boolean;
            /** @constant */
            type: "message";
        };
        /**
         * MessagePage
         * @description At most 512 KiB of items: with long texts fewer than `limit`, although `hasMore` is true.
         * @example {
         *       "items": [
         *         {
         *           "id": "719a8fe8-4885-5030-a2e4-d73ce2200ea5",
         *           "conversationId": "e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8",
         *           "seq": 1,
         *           "senderId": "ann",
         *           "text": "Lunch?",
         *           "createdAt": "2026-01-15T09:30:00.250Z",
         *           "version": 2,
         *           "clientId": "lunch-1",
         *           "isRead": false
         *         }
         *       ],
         *       "hasMore": false,
         *       "hasOlder": false,
         *       "hasNewer": false,
         *       "cursor": "AdS9ZMYdBGcPSZFeDQwBAQEBAQEBAQQBAQE5ZVW0"
         *     }
         */
        MessagePage: {
            items: components["schemas"]["Message"][];
            hasMore: boolean;
            hasOlder: boolean;
            hasNewer: boolean;
            cursor: string;
        };
        /**
         * ProblemDetails
         * @description application/problem+json
         */
        ProblemDetails: {
            title: string;
            status: number;
            /** @description One of bad_request, unauthenticated, forbidden, not_found, method_not_allowed, cursor_unusable, too_big, invalid, cursor_invalid, too_many, internal, unavailable, projection_behind; more may come. */
            code: string;
            detail: string;
        };
        /**
         * ReadFrame
         * @description A member has read up to a message.
         */
        ReadFrame: {
            /** Format: uuid */
            conversationId: string;
            userId: string;
            upTo: number;
            /** @description Grows with every change: drop what is not above the version that you hold. */
            version: number;
            /** @constant */
            type: "read";
        };
        /**
         * RejectedFrame
         * @description What was accepted could not be done.
         */
        RejectedFrame: {
            /** Format: uuid */
            conversationId: string;
            /** @description The message id that was promised by `accepted`; for other events the event's id. */
            id: string;
            clientId?: string;
            /** @description `not_found`, `group_full`, `not_a_group`; later ones may come. */
            reason: string;
            /** @constant */
            type: "rejected";
        };
        /**
         * SyncPage
         * @example {
         *       "entries": [
         *         {
         *           "type": "message",
         *           "id": "719a8fe8-4885-5030-a2e4-d73ce2200ea5",
         *           "conversationId": "e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8",
         *           "seq": 1,
         *           "senderId": "ann",
         *           "text": "Lunch?",
         *           "createdAt": "2026-01-15T09:30:00.250Z",
         *           "version": 2,
         *           "clientId": "lunch-1",
         *           "isRead": false
         *         }
         *       ],
         *       "cursor": "AdS9ZMYdBGcPSZFeDQwBAQEBAQEBAQQBAQE5ZVW0",
         *       "hasMore": false
         *     }
         */
        SyncPage: {
            /**
             * @description By partition of the log, and in order within a conversation. Fewer than `limit` when they are long:
             *     `hasMore` shows whether there are more, not how many came.
             */
            entries: (components["schemas"]["MessageFrame"] | components["schemas"]["ReadFrame"] | components["schemas"]["ConversationFrame"] | components["schemas"]["RejectedFrame"])[];
            cursor: string;
            hasMore: boolean;
        };
        /**
         * WebSocketTicket
         * @description Connect to `/ws?token=<ticket>`: once, and before it expires.
         */
        WebSocketTicket: {
            /** @example pt1.kqL0y9Zr2w */
            ticket: string;
            /**
             * Format: date-time
             * @description When it can no longer be used; the socket itself lives as long as the caller's token.
             * @example 2026-01-15T09:30:30.000Z
             */
            expiresAt: string;
        };
        /** NewConversation */
        NewConversation: {
            /** @example bob */
            peerId: string;
        };
        /** NewMessage */
        NewMessage: {
            /**
             * Format: uuid
             * @example e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8
             */
            conversationId: string;
            /** @example Lunch? */
            text: string;
            /**
             * @description The client's own name for the message: sent again, it is the same message.
             * @default null
             * @example lunch-1
             */
            clientId: string | null;
        };
        /** NewRead */
        NewRead: {
            /**
             * Format: uuid
             * @example e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8
             */
            conversationId: string;
            /**
             * @description The `seq` of the last message read.
             * @example 1
             */
            upTo: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type Accepted = components['schemas']['Accepted'];
export type AcceptedMessage = components['schemas']['AcceptedMessage'];
export type Conversation = components['schemas']['Conversation'];
export type ConversationFrame = components['schemas']['ConversationFrame'];
export type ConversationPage = components['schemas']['ConversationPage'];
export type Message = components['schemas']['Message'];
export type MessageFrame = components['schemas']['MessageFrame'];
export type MessagePage = components['schemas']['MessagePage'];
export type ProblemDetails = components['schemas']['ProblemDetails'];
export type ReadFrame = components['schemas']['ReadFrame'];
export type RejectedFrame = components['schemas']['RejectedFrame'];
export type SyncPage = components['schemas']['SyncPage'];
export type WebSocketTicket = components['schemas']['WebSocketTicket'];
export type NewConversation = components['schemas']['NewConversation'];
export type NewMessage = components['schemas']['NewMessage'];
export type NewRead = components['schemas']['NewRead'];
export type $defs = Record<string, never>;
export interface operations {
    listConversations: {
        parameters: {
            query?: {
                /**
                 * @description The caller. Required without a token; with one, both must agree.
                 * @example ann
                 */
                meId?: string;
                /** @example 50 */
                limit?: number;
                /** @description `nextPage` of the page before. */
                page?: string;
                /** @description Answer only once the read models have this `position`; 503 after two seconds. */
                position?: string;
            };
            header?: {
                /** @description The user for whom a service makes this call: only with the scope `service`. */
                "Act-As"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of conversations. */
            200: {
                headers: {
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConversationPage"];
                };
            };
            /** @description Not JSON, not UTF-8, no or two `Host` headers, or a parameter is missing or repeated. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Missing credentials, or `Authorization` is anything but one valid Bearer token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `meId` is not the caller; the token lacks the scope for this call; or a write comes from a page whose origin is not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description A position or cursor of another log, or another user's cursor: fetch everything again. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The request line is above 8 KiB. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `Host` is not one of this gateway's names. */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Well-formed, but a field breaks a rule; `detail` names it. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Too many requests; safe to repeat after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The head is above 16 KiB, or has more than 100 fields. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Internal server error. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description A service behind the gateway is unavailable or behind; safe to repeat after `Retry-After` seconds. */
            503: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    readHistory: {
        parameters: {
            query: {
                /**
                 * @description The caller. Required without a token; with one, both must agree.
                 * @example ann
                 */
                meId?: string;
                /** @example e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8 */
                conversationId: string;
                /** @example 50 */
                limit?: number;
                /** @description Messages with a smaller `seq`. At most one of the three bounds. */
                before?: number;
                /** @description Messages with a larger `seq`. */
                after?: number;
                /** @description Messages around this `seq`. */
                around?: number;
                /** @description Answer only once the read models have this `position`; 503 after two seconds. */
                position?: string;
            };
            header?: {
                /** @description The user for whom a service makes this call: only with the scope `service`. */
                "Act-As"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of messages. */
            200: {
                headers: {
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessagePage"];
                };
            };
            /** @description Not JSON, not UTF-8, no or two `Host` headers, or a parameter is missing or repeated. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Missing credentials, or `Authorization` is anything but one valid Bearer token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `meId` is not the caller; the token lacks the scope for this call; or a write comes from a page whose origin is not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description No such conversation, or the caller is not a member of it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description A position or cursor of another log, or another user's cursor: fetch everything again. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The request line is above 8 KiB. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `Host` is not one of this gateway's names. */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Well-formed, but a field breaks a rule; `detail` names it. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Too many requests; safe to repeat after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The head is above 16 KiB, or has more than 100 fields. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Internal server error. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description A service behind the gateway is unavailable or behind; safe to repeat after `Retry-After` seconds. */
            503: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    readSync: {
        parameters: {
            query?: {
                /**
                 * @description The caller. Required without a token; with one, both must agree.
                 * @example ann
                 */
                meId?: string;
                /** @description Answer the frames after it. Without one: none, and the present cursor. */
                cursor?: string;
                /** @example 50 */
                limit?: number;
                /** @description Answer only once the read models have this `position`; 503 after two seconds. */
                position?: string;
            };
            header?: {
                /** @description The user for whom a service makes this call: only with the scope `service`. */
                "Act-As"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of frames, and the cursor to continue from. */
            200: {
                headers: {
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SyncPage"];
                };
            };
            /** @description Not JSON, not UTF-8, no or two `Host` headers, or a parameter is missing or repeated. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Missing credentials, or `Authorization` is anything but one valid Bearer token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `meId` is not the caller; the token lacks the scope for this call; or a write comes from a page whose origin is not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description A position or cursor of another log, or another user's cursor: fetch everything again. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The request line is above 8 KiB. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `Host` is not one of this gateway's names. */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Well-formed, but a field breaks a rule; `detail` names it. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Too many requests; safe to repeat after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The head is above 16 KiB, or has more than 100 fields. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Internal server error. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description A service behind the gateway is unavailable or behind; safe to repeat after `Retry-After` seconds. */
            503: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    startConversation: {
        parameters: {
            query?: {
                /**
                 * @description The caller. Required without a token; with one, both must agree.
                 * @example ann
                 */
                meId?: string;
            };
            header?: {
                /** @description The user for whom a service makes this call: only with the scope `service`. */
                "Act-As"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "peerId": "bob"
                 *     }
                 */
                "application/json": components["schemas"]["NewConversation"];
            };
        };
        responses: {
            /** @description The conversation. */
            200: {
                headers: {
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description Not JSON, not UTF-8, no or two `Host` headers, or a parameter is missing or repeated. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Missing credentials, or `Authorization` is anything but one valid Bearer token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `meId` is not the caller; the token lacks the scope for this call; or a write comes from a page whose origin is not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The request line is above 8 KiB. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `Host` is not one of this gateway's names. */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Well-formed, but a field breaks a rule; `detail` names it. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Too many requests; safe to repeat after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The head is above 16 KiB, or has more than 100 fields. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Internal server error. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description A service behind the gateway is unavailable or behind; safe to repeat after `Retry-After` seconds. */
            503: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    sendMessage: {
        parameters: {
            query?: {
                /**
                 * @description The caller. Required without a token; with one, both must agree.
                 * @example ann
                 */
                meId?: string;
            };
            header?: {
                /** @description The user for whom a service makes this call: only with the scope `service`. */
                "Act-As"?: string;
                /**
                 * @description `wait` (5 seconds) or `wait=<seconds>` (10 at most): answer 201 with the message once history has it; 202 as without, when that takes longer or history is unavailable.
                 * @example wait=5
                 */
                Prefer?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "conversationId": "e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8",
                 *       "text": "Lunch?",
                 *       "clientId": "lunch-1"
                 *     }
                 */
                "application/json": components["schemas"]["NewMessage"];
            };
        };
        responses: {
            /** @description In the history (with `Prefer: wait`). */
            201: {
                headers: {
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description In the log. */
            202: {
                headers: {
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedMessage"];
                };
            };
            /** @description Not JSON, not UTF-8, no or two `Host` headers, or a parameter is missing or repeated. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Missing credentials, or `Authorization` is anything but one valid Bearer token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `meId` is not the caller; the token lacks the scope for this call; or a write comes from a page whose origin is not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description No such conversation, or the caller is not a member of it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The request line is above 8 KiB. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `Host` is not one of this gateway's names. */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Well-formed, but a field breaks a rule; `detail` names it. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Too many requests; safe to repeat after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The head is above 16 KiB, or has more than 100 fields. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Internal server error. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description A service behind the gateway is unavailable or behind; safe to repeat after `Retry-After` seconds. */
            503: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    moveRead: {
        parameters: {
            query?: {
                /**
                 * @description The caller. Required without a token; with one, both must agree.
                 * @example ann
                 */
                meId?: string;
            };
            header?: {
                /** @description The user for whom a service makes this call: only with the scope `service`. */
                "Act-As"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "conversationId": "e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8",
                 *       "upTo": 1
                 *     }
                 */
                "application/json": components["schemas"]["NewRead"];
            };
        };
        responses: {
            /** @description In the log. */
            202: {
                headers: {
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Not JSON, not UTF-8, no or two `Host` headers, or a parameter is missing or repeated. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Missing credentials, or `Authorization` is anything but one valid Bearer token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `meId` is not the caller; the token lacks the scope for this call; or a write comes from a page whose origin is not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description No such conversation, or the caller is not a member of it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The request line is above 8 KiB. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `Host` is not one of this gateway's names. */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Well-formed, but a field breaks a rule; `detail` names it. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Too many requests; safe to repeat after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The head is above 16 KiB, or has more than 100 fields. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Internal server error. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description A service behind the gateway is unavailable or behind; safe to repeat after `Retry-After` seconds. */
            503: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    createWebSocketTicket: {
        parameters: {
            query?: {
                /**
                 * @description The caller. Required without a token; with one, both must agree.
                 * @example ann
                 */
                meId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The ticket. */
            200: {
                headers: {
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebSocketTicket"];
                };
            };
            /** @description Not JSON, not UTF-8, no or two `Host` headers, or a parameter is missing or repeated. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Missing credentials, or `Authorization` is anything but one valid Bearer token. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `meId` is not the caller; the token lacks the scope for this call; or a write comes from a page whose origin is not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The request line is above 8 KiB. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description `Host` is not one of this gateway's names. */
            421: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Well-formed, but a field breaks a rule; `detail` names it. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Too many requests; safe to repeat after `Retry-After` seconds. */
            429: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    /**
                     * @description `"<rate>";r=<calls that may follow at once>;t=<seconds until the burst is full>`; with `Act-As` that of the service, and that of the user
                     * @example "sends";r=499;t=1
                     */
                    RateLimit?: string;
                    /**
                     * @description `"<rate>";q=<burst>;w=<seconds in which it fills up>`
                     * @example "sends";q=500;w=10
                     */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description The head is above 16 KiB, or has more than 100 fields. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description Internal server error. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
            /** @description A service behind the gateway is unavailable or behind; safe to repeat after `Retry-After` seconds. */
            503: {
                headers: {
                    /** @description seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemDetails"];
                };
            };
        };
    };
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is alive. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "alive",
                     *       "reasons": []
                     *     }
                     */
                    "application/json": {
                        status: string;
                        reasons: string[];
                    };
                };
            };
            /** @description It is not alive; see `reasons`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "not alive",
                     *       "reasons": [
                     *         "draining"
                     *       ]
                     *     }
                     */
                    "application/json": {
                        status: string;
                        reasons: string[];
                    };
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is ready. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ready",
                     *       "reasons": []
                     *     }
                     */
                    "application/json": {
                        status: string;
                        reasons: string[];
                    };
                };
            };
            /** @description It is not ready; see `reasons`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "not ready",
                     *       "reasons": [
                     *         "draining"
                     *       ]
                     *     }
                     */
                    "application/json": {
                        status: string;
                        reasons: string[];
                    };
                };
            };
        };
    };
}
