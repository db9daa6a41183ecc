"""Load generators in processes of their own, and what they send when.

plan                   messages between the bench and its workers
schedule               when each message is due: pure, from a seed
precise_timer          wakes an event loop within some 50 µs
worker_process         both ends of the pipe to a worker
latencies              percentiles by HdrHistogram
tally                  what became of each message of a round: pure
clients                worker: sends to direct conversations and groups, and receives
page_reader            worker: reads pages over a few connections
reconnecting_clients   worker: sockets that lose their gateway and come back
polite_user            worker: two users who talk at an even pace
flooder                worker: a user who takes all that the gateway gives
protocols              the client's side of each server's protocol
"""
