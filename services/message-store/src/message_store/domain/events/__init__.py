"""One pure module for each kind of event: from the record of the log to the record that is published.
The steps of a new kind: CONTRIBUTING.md.

registry              every kind, by event, by entry and by journal: the map of the product
kind                  the Protocol that a kind's module fulfils
conversation_started  a conversation is started, direct or group
message_sent          a member sends a message; sent again, it is a duplicate
read_moved            a member has read up to a message
member_added          a member adds a user to a group
member_removed        a member removes a user from a group, or leaves it
user_revoked          the tokens that a user holds are revoked
conversation_fields   the conversation as entries show it
"""
