"""Bugs planted into real processes, which prove that the checker finds them.

    python -m tests.chaos.mutants publish_before_commit message_store project

runs the module as `python -m` would, with the bug in it; several names are joined by commas.

registry      all mutants by name, and how one is patched in
gateway       bugs of the gateway
projector     bugs of the fold, the store and the queries
publisher     bugs of the publisher
notifier      bugs of the notifier
mutant_cases  each mutant, the least fault that makes it do harm, and the invariant that it violates
"""
