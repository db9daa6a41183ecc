"""The memory of Parley: events in, conversations and histories out.

domain/     what an event means: decide and evolve, pure
fold        a batch of events through the domain, and what came of each
changes     what a folded batch changes in the read models, as rows
postgres    writes it, in one transaction with the offset
projector   read → load → fold → write → publish
publisher   tells chat.messages, strictly in order, what is committed
queries     reads for clients
reachability  whether the database is away or slow
"""
