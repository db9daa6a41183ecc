"""The components: what clients say becomes events in the log, what came of it becomes frames on their sockets.

main, settings       the composition root
application          the HTTP application around the routes
hosts, origins       which hosts it answers as, and which web pages may call
callers, requests    who calls, and what a well-formed call is
routes/              one module for each resource
event_log, sending   into the log, with membership checked first
membership           who may write where; unchecked: while nobody can say
store                the read models, asked over HTTP
links, interest      what notifiers tell this gateway
sockets, socket      the clients' WebSockets
"""
