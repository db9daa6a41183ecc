"""One stack of Kafka, PostgreSQL and the services, described by `stack.json` in its data folder.

* `commands`: `up`, `demo`, `down`, `reset` and `psql`
* `daemon`: a stack in a background process
* `run`: a stack in the foreground, from start to stop
* `services`: commands, environment and start order of the services
* `end_to_end`: checks that the gateways serve clients
* `state`: `stack.json`
"""
