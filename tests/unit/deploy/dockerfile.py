"""Reads `deploy/images/Dockerfile`."""

import json
import re
import shlex

from deploy.images.parley_image import DOCKERFILE

Instruction = tuple[str, str]


def stages() -> list[list[Instruction]]:
    """Return the instructions of each stage, and their arguments."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE))
    found: list[list[Instruction]] = [[]]
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, arguments = line.partition(" ")
        if name == "FROM":
            found.append([])
        found[-1].append((name, arguments.strip()))
    return found[1:]


def final(name: str) -> list[str]:
    """Return the arguments of an instruction in the stage that becomes the image."""
    return [arguments for instruction, arguments in stages()[-1] if instruction == name]


def environment() -> dict[str, str]:
    """Return the variables that the image sets."""
    words = [word for arguments in final("ENV") for word in shlex.split(arguments)]
    return dict(word.split("=", 1) for word in words)


def exec_form(arguments: str) -> list[str]:
    """Return the words of `["program", "argument"]`; raise ValueError for a line of shell."""
    words: list[str] = json.loads(arguments)
    return words
