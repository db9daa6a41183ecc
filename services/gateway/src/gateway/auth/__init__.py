"""Who may call.

principal        the caller, as handlers see it
credentials      what a request or an upgrade carries to prove its caller
authenticator    the port that turns credentials into a principal, and its one 401
dev              AUTH=dev: trusts the user id that a caller gives
tickets          a ticket for one WebSocket, in place of a token
ticket_keys      the keys that seal tickets
revocations      until when tokens of a user are not accepted any more
hosts            the host names that the gateway answers as
origins          the web pages that may call
"""
