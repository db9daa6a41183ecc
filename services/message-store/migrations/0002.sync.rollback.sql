drop index journal_of_conversation;
create index members_present on members (user_id, conversation_id) where to_offset is null;
drop index members_of_user;
