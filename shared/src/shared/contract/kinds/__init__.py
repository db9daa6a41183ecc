"""The kinds of event, each with its event, its entry and its frames side by side.

cloud_event            what all records have in common; the entry of an event and its audience
log_opened             the epoch record at offset 0 of every partition
conversation_started   a conversation was started
message_sent           a message was sent
read_moved             a user has read up to a message
member_added           a user joined a group
member_removed         a user left a group, or was removed from it
user_revoked           the tokens that a user holds were revoked
event_rejected         an accepted event that the fold refused: an entry without an event
"""
