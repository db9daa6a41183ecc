"""The servers of all processes, with bounds before there is a request.

server                 builds and runs a server
http_protocol          uvicorn's HTTP protocol with bounds
connections            how many connections may be open, and which are idle
refusals               what the HTTP protocol refuses, as bytes
unread_answers         aborts a connection whose answer is not read
head_requests          HEAD wherever GET is
websocket_protocol     uvicorn's WebSocket protocol with bounds
websocket_handshake    a refused handshake answers with a problem document
websocket_connection   a WebSocket beside ASGI: frames without a task or queue between
direct_routes          calls a route without FastAPI's dispatch
query_string           parses query strings, each parameter once
problems               RFC 9457 problem details
health                 /healthz, /readyz and /metrics, the same on every process
service_token          admits Parley's own services only
"""
