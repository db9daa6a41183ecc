"""How Parley is run.

* `local`: the whole system on one machine
"""
