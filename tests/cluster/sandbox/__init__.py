"""Runs a command in namespaces of its own, which take everything in them away when it ends.

launch     from outside: the namespaces, the temporary folder and its removal
init       inside: the first process, which configures loopback and reaps orphans
"""
