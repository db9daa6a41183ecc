"""What events mean. Pure: no await, clock, uuid, log or I/O.

fold          a batch of events, in order: one result for each offset
decide        what becomes of one event (a look-up in the registry)
evolve        the state after an entry (a look-up in the registry)
events/       one module for each kind of event, and the registry of all
state         what events refer to, of one event and of a batch
conversation  the conversation aggregate and its members, which have no roles
outcomes      the outcomes of an event that changes nothing
rows          the rows of the read models, by table
"""
