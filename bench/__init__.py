"""How fast, and what it costs: `make bench`, or `python -m bench --help`.

plan, schedule    who writes to whom, and when: pure, from a seed
alarm, driver     a process of its own that sends and receives
tally, figures    what became of each message, and what it says: pure
verdict           whether a round counts: pure
target            what is measured: the stack, or a peer
wires             what a user's connection says to each
accounts          CPU by process, and what the machine took away
rounds, table     one round after the other, and how they are told
where             a profile of one process meanwhile

peers             other servers: `make bench-peers`, or `python -m bench.scenarios.beside_peers --help`
side_by_side      rounds of several targets in turn
pages, stored     history and conversations out of a long past: `python -m bench.scenarios.pages`
fanout            idle sockets, and groups: `python -m bench.scenarios.fanout`
catch_up          a million events to project: `python -m bench.scenarios.catch_up`
fetcher, members  what these ask and hear with, each a child of the bench's; log: events it writes itself
results           what was measured, kept in bench/results/

storm, harm       a gateway goes, its sockets come back to the other one
crowd, watch      these sockets, in a process of their own; metrics and database meanwhile
sync_plan         what it costs to ask what a caller missed: `python -m bench.scenarios.query_plan`
past, explain     the long past that it asks about, and how PostgreSQL went about it
"""
