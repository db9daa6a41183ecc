"""The gateway: clients' commands become events in the log, entries of the log become frames for clients.

__main__             starts the process
main                 the composition root: settings, components, server, critical tasks
settings             the environment variables, on top of those of every process and of `limits`
components           builds and connects the parts
app                  the ASGI application: routes, middleware, WebSocket endpoint
examples             the conversation that all examples of the documentation show
metrics              the Prometheus metrics
validation_errors    describes why a text was refused as JSON of a model
authentication       builds the authenticator that the settings ask for

limits/              how much of each user is served: rates, and what is in progress at a time
auth/                who calls (authenticators), and the host names and web pages that may call
requests/            what is recorded of each request: log lines, metrics, spans
proxies/             what a reverse proxy in front changes, and limits by client address
api/                 the REST calls
websocket/           the clients' WebSockets
commands/            one module for each command, and how its event gets into the log
notifiers/           the links to the notifiers, from which entries arrive
store/               the client of message-store, which answers all queries
web/                 the files of the web client
testing/             an in-memory store for tests
"""
