drop table journal_personal, journal, messages, members, conversations, progress;
