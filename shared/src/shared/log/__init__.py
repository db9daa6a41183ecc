"""The log as the services know it.

topics               the three topics and the job that creates them
log_epoch            which log this is
dead_letters         publishes records that cannot be processed, for operators
dead_letter_listing  lists them without their content
"""
