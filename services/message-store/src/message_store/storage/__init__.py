"""The read models in PostgreSQL.

port        what the projector needs of its database
postgres    fulfils it: one connection, one statement a batch
tables      the tables that a batch writes: columns, types, keys
write_sql   the projector's statements: claim, states, commit (its inserts are generated from the tables;
            it also finds messages that were sent before), and what the outbox reads
timestamps  times in SQL, as every wire has them
sessions    the settings of each session
refusals    why a connection is refused, and what to do
roles       roles with the least rights: projector, reader, tickets
migrate     numbered SQL files, each applied once
schema      whether this code and the database's schema fit together
"""
