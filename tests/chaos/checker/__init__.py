"""Checks what clients recorded against what the system holds in the end.

checker              runs every check and lists the violations
history              operations, attempts and frames, as the clients recorded them
final_state          what each interface of the system shows in the end, as data
final_state_reader   reads the final state once the system has settled
topics               reads whole topics from Kafka
tables               reads rows of the read models
replay               applies the log to an empty database with the real projector
authorization_probe  requests conversations as users who are no members
reference_model      an independent, plainer fold of the log: the oracle
invariants           one check for each invariant
example_history      a small valid history that tests corrupt
"""
