"""The demo's script."""

from deploy.local.demo import script


def test_ten_people_write_in_several_scripts_and_one_conversation_is_long() -> None:
    everything = script.conversations()
    assert len(script.people()) == 10
    assert {name for each in everything for name in each.people} == set(script.people())
    assert sum("ann" in each.people for each in everything) == 9
    assert everything[-1].people == ("ann", "bob")
    assert len(everything[-1].messages) > 3_000
    assert all(len(each.messages) < 50 for each in everything[:-1])
    text = "".join(message.text for each in everything for message in each.messages)
    for sample in ("Привіт", "おはよう", "صباح", "תודה", "नमस्ते", "🥐", "https://"):
        assert sample in text


def test_the_script_is_the_same_each_time_and_no_client_id_occurs_twice() -> None:
    everything = script.conversations()
    assert script.conversations() == everything
    ids = [(each.people, n) for each in everything for n in range(1, len(each.messages) + 1)]
    assert len({each.client_id(n) for each in everything for n in range(1, len(each.messages) + 1)}) == len(
        ids
    )


def test_every_line_belongs_to_one_of_the_two_and_something_is_unread() -> None:
    everything = script.conversations()
    for each in everything:
        assert all(message.sender in each.people for message in each.messages)
        assert all(message.text.strip() for message in each.messages)
        assert 0 < each.read <= len(each.messages)
        assert each.people[0] not in {message.sender for message in each.messages[each.read :]}
    unread = sum(len(each.messages) - each.read for each in everything if each.people[0] == "ann")
    assert 5 <= unread <= 20
