"""From `chat.messages` to the gateways (the protocol: docs/internal-wire.md).

    chat.messages ─► reader ─► switchboard ─► link ─► gateway
                       │            │
                     starts      interest

notice        one entry, ready to be told: its frame is made once for all links
stream        one partition, as far as it was told, and the newest of it to tell again
interest      who has sockets where
link          one gateway and what waits to be sent to it
switchboard   tells each link what is for it, and without holes how far it got
starts        where a partition that was just assigned begins
reader        takes, tells, commits
pulse         whether that makes progress
messages      the texts on a link
server        the WebSocket route that gateways dial
notifier      all that over a real Kafka, from start to stop
main          the process
"""
