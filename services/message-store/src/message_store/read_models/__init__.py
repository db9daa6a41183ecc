"""What a folded batch leaves behind: rows for the database, records for chat.messages. Pure.

write_set      everything that one transaction writes, by table and key
journal        the journal as an outbox: results to rows and back
entry_encoder  entries and rejections as records of chat.messages
"""
