"""The conversations of the demo."""

from deploy.local.demo import script


def test_ten_people_write_in_several_scripts_and_one_conversation_is_long() -> None:
    conversations = script.conversations()
    *short, long = conversations
    assert len(script.people()) == 10
    assert {name for conversation in conversations for name in conversation.people} == set(script.people())
    assert sum("ann" in conversation.people for conversation in conversations) == 9
    assert long.people == ("ann", "bob")
    assert len(long.messages) > 3_000
    assert all(len(conversation.messages) < 50 for conversation in short)
    text = "".join(message.text for conversation in conversations for message in conversation.messages)
    for sample in ("Привіт", "おはよう", "صباح", "תודה", "नमस्ते", "🥐", "https://"):
        assert sample in text


def test_the_script_is_the_same_each_time_and_no_client_id_occurs_twice() -> None:
    conversations = script.conversations()
    assert script.conversations() == conversations
    ids = [
        conversation.client_id(number)
        for conversation in conversations
        for number in range(1, len(conversation.messages) + 1)
    ]
    assert len(set(ids)) == len(ids)


def test_every_line_belongs_to_one_of_the_two_and_something_is_unread() -> None:
    conversations = script.conversations()
    for conversation in conversations:
        first, unread = conversation.people[0], conversation.messages[conversation.read :]
        assert all(message.sender in conversation.people for message in conversation.messages)
        assert all(message.text.strip() for message in conversation.messages)
        assert 0 < conversation.read <= len(conversation.messages)
        assert first not in {message.sender for message in unread}
    of_ann = [conversation for conversation in conversations if conversation.people[0] == "ann"]
    assert 5 <= sum(len(conversation.messages) - conversation.read for conversation in of_ann) <= 20
