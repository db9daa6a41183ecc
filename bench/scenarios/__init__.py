"""The comparisons, each a command of `python -m bench`.

scenario          what a scenario is, its options, the recorder of its rounds
message_rounds    rounds of messages, and races of several servers over them
rates             W1, W8: latency and CPU at fixed rates, and the knee at rising ones
pages             W2, W3: history and conversations out of many messages
fanout            W4, W5: memory of idle sockets, CPU of frames to groups
catch_up          W6: events projected a second
restart           W7: start, and recovery from `kill -9` of each service
reconnect_storm   a gateway dies and its sockets come back to the other one
query_plan        what the sync query costs, with its plan
warm_vs_cold      what the same work costs after a pause
fairness          a polite user beside one who floods the gateway
compare           two checkouts side by side
"""
