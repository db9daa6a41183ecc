"""Limits of each user on this gateway: the one place where calls and frames are counted.

Keyed by the user id that authentication resolved, so that neither more sockets nor another way to send the
same id raises a limit. Each gateway counts for itself: `n` gateways let through at most `n` times as much.

settings       the environment variables of the limits
user_rates     events a second of each user, as token buckets
user_slots     how much of one user is in progress at a time
user_limits    all limits of users together

leaky_bucket   spaces events of all users evenly in time
"""
