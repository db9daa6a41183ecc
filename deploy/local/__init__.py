"""The whole system on one Linux machine: `python -m deploy.local`, from the Makefile's `run`, `up`, `demo` …

* `__main__`: starts the command line
* `cli`: commands, options and environment variables
* `stack`: one stack of Kafka, PostgreSQL and the services
* `demo`: sample data, sent over the public API
* `dependencies`: Kafka, PostgreSQL and the web client
* `supervisor`: starts, watches, restarts and stops processes
* `issuer`: signs access tokens for development
* `programs`: finds programs of this system, or names the command that installs them
* `paths`: folders of the checkout
* `errors`: the error that is shown to the user as one line
"""
