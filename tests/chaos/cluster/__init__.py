"""All of Parley as real processes in the hands of a test.

cluster        starts a cluster and removes it
processes      what a test can do to its processes
process_tree   pauses and resumes a process with its descendants
lag            waits until projectors and notifiers have caught up with the log
small_disk     a disk of a few megabytes that can be filled
"""
