"""message-store: projects the log into PostgreSQL, and answers queries.

domain/       what events mean, pure; events/<kind> is one module for each kind of event
read_models/  what a folded batch leaves behind: rows and records, pure
storage/      the read models in PostgreSQL
projector/    read → load → fold → write → publish
query_api/    queries of clients, over HTTP
testing/      twins of ports for tests
settings      environment variables
__main__      python -m message_store migrate | project | serve
"""
