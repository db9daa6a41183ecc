"""One stack of Kafka, PostgreSQL and the services, described by `stack.json` in its data folder.

* `daemon`: a stack in the background, for `up`, `down` and tests
* `run`: a stack in the foreground, from start to stop
* `services`: commands, environment and start order of the services
* `end_to_end`: checks that the gateways serve clients
* `state`: `stack.json`
"""
