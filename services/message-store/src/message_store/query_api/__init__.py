"""`python -m message_store serve`: the read models over HTTP, for gateways.

main             settings → application, with its pool, poller and probes
routes           the calls of the store API
params           parameters of a call, from its request
tickets          uses WebSocket tickets up
queries          one method a call: statement → answer
read_sql         the statements
views            rows → Message and Conversation as JSON
sync_frames      rows → frames as JSON bytes, with one builder for each kind of entry
database         a pool of connections that runs one statement a call
progress_waiter  waits until the projection has reached a position or a cursor
metrics          Prometheus metrics
reachability     distinguishes a database that is away from a slow one
"""
