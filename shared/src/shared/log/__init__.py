"""The log as the services know it.

topics               the topics and the job that creates them
log_epoch            which log this is
rights               the least rights of each service on a Kafka that checks them
dead_letters         publishes records that cannot be processed, for operators: from the projector (no event,
                     or it fails) and the notifier (no entry)
dead_letter_listing  lists them without their content
"""
