-- What a caller missed: of a user's conversations, past ones too, the entries after a cursor.

create index members_of_user on members (user_id, conversation_id);
drop index members_present;

create index journal_of_conversation on journal (conversation_id, "offset")
    where outcome = 'entry' and audience is null;
