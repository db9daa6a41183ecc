"""What the services run on, each as commands for the supervisor.

* `kafka`: a single-node broker, configured by `kafka_config/`
* `postgres`: a server of the system's PostgreSQL
* `web_client`: the web client's packages, build and checks
"""
