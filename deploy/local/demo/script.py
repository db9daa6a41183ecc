"""The demo's conversations: short ones from a file, a long one generated from a seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

SCRIPT = Path(__file__).with_name("conversations.txt")
DIARY = Path(__file__).with_name("diary.txt")
LONG = ("ann", "bob")
"""The people whose conversation begins with the diary."""
DIARY_MESSAGES = 3_000


@dataclass(frozen=True)
class Message:
    sender: str
    text: str


@dataclass(frozen=True)
class Conversation:
    """Two people, their messages in order, and how many of these both have read."""

    people: tuple[str, str]
    messages: list[Message] = field(default_factory=list)
    read: int = 0

    def client_id(self, number: int) -> str:
        """Return the clientId of the message with this index, always the same one."""
        return f"demo-{'-'.join(self.people)}-{number}"


def conversations(diary_messages: int = DIARY_MESSAGES) -> list[Conversation]:
    """Return all conversations; the long one is last, so that it is the newest."""
    short = list(_parse(SCRIPT.read_text()))
    long = next(conversation for conversation in short if conversation.people == LONG)
    diary = list(_diary(diary_messages))
    with_diary = replace(long, messages=diary + long.messages, read=len(diary) + long.read)
    return [*reversed([conversation for conversation in short if conversation is not long]), with_diary]


def people() -> list[str]:
    """Return their names in the order of the script."""
    return list(
        dict.fromkeys(name for conversation in _parse(SCRIPT.read_text()) for name in conversation.people)
    )


def _parse(script: str) -> Iterator[Conversation]:
    for block in script.split("\n== ")[1:]:
        header, *lines = block.strip().splitlines()
        first, second = header.split(", ")
        messages: list[Message] = []
        read = 0
        for line in lines:
            sender, separator, text = line.partition(": ")
            if line == "-- read":
                read = len(messages)
            elif separator and sender in (first, second):
                messages.append(Message(sender, text))
            else:
                messages[-1] = replace(messages[-1], text=f"{messages[-1].text}\n{line}")
        yield Conversation((first, second), messages, read)


def _diary(count: int) -> Iterator[Message]:
    """Generate `count` messages of two birdwatchers, the same for the same count."""
    blocks = (block.strip().splitlines() for block in DIARY.read_text().split("\n== ")[1:])
    parts = {name: lines for name, *lines in blocks}
    chance = random.Random(20_260_501)  # noqa: S311  # sample data

    def sentence(kind: str) -> str:
        bird, place = chance.choice(parts["birds"]), chance.choice(parts["places"])
        text = chance.choice(parts[kind]).format(bird=bird, place=place, number=chance.randint(2, 60))
        return text[0].upper() + text[1:]

    def messages() -> Iterator[Message]:
        while True:
            writer, other = LONG if chance.random() < 0.5 else LONG[::-1]
            yield Message(writer, sentence("reports"))
            if chance.random() < 0.4:
                yield Message(writer, sentence("remarks"))
            yield Message(other, sentence("answers"))

    return islice(messages(), count)
