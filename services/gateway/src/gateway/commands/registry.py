"""All commands. A new one is a module beside this one and a line here; the REST routes, the frame decoder,
and the documents OpenAPI and AsyncAPI come from these lists."""

from typing import Any

from gateway.commands.command import Command, FrameCommand
from gateway.commands.mark_read import MarkReadCommand
from gateway.commands.send_message import SendMessageCommand
from gateway.commands.start_direct import StartDirectCommand

COMMANDS: tuple[type[Command[Any]], ...] = (StartDirectCommand, SendMessageCommand, MarkReadCommand)
"""Served over REST."""

FRAME_COMMANDS: tuple[type[FrameCommand[Any]], ...] = (SendMessageCommand, MarkReadCommand)
"""Those that clients may send as frames, too."""
