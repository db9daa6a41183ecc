"""How Parley is run.

* `local`: the whole system on one machine
* `images`: the container image
"""
