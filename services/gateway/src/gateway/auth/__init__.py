"""Who may call.

principal        the caller, as handlers see it
credentials      what a request or an upgrade carries to prove its caller
authenticator    the port that turns credentials into a principal, and its one 401
dev              AUTH=dev: trusts the user id that a caller gives
jwt              AUTH=jwt: access tokens, and where they may be sent
token_verifier   signature, claims and life of an access token
key_source       loads the issuer's keys, again when they rotate
keys             parses JWKS and PEM; which algorithms a key may be used with
scopes           acting as a user (`Act-As`), operators' calls
tickets          a ticket for one WebSocket, in place of a token
ticket_keys      the keys that seal tickets
revocations      until when tokens of a user are not accepted any more
settings         the environment variables that decide who may call
hosts            the host names that the gateway answers as
origins          the web pages that may call
"""
