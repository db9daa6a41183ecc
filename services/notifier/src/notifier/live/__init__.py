"""From `chat.messages` to the gateways (the protocol: docs/internal-wire.md).

    chat.messages ─► entry_consumer ─► dispatcher ─► link ─► gateway
                           │               │
                     start_offsets   subscriptions

main             the process: settings, application, server
service          starts, runs and stops all of this over a real Kafka
entry_consumer   polls, decodes (or dead-letters), dispatches and commits
start_offsets    where a partition that was just assigned begins
dispatcher       routes each entry to the links that subscribed its audience, and reports gap-free progress
subscriptions    which users each link has subscribed
replay_buffer    one partition: how far it was dispatched, and its newest entries to replay
dispatch_entry   an entry decoded once, its frame serialized once for all links
link             one gateway and its bounded send queue
link_server      the WebSocket endpoint for gateways
settings         environment variables
metrics          Prometheus metrics
"""
