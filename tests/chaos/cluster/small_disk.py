"""A disk of a few megabytes that can really be full: a tmpfs in a mount namespace of this process's own.

It goes with the process. An ordinary user may mount it where the kernel lets them have a user namespace.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEGABYTES = 256
"""PostgreSQL's cluster and its log take some 60."""

_NEW_USERS, _NEW_MOUNTS = 0x10000000, 0x00020000  # CLONE_NEWUSER, CLONE_NEWNS
_PRIVATE = 0x4000 | 0x40000  # MS_REC | MS_PRIVATE: nobody else sees what is mounted here
_DETACHED = 2  # MNT_DETACH
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """For this process and those that it starts meanwhile; enter it before there is a second thread.

    Raises OSError where that is not allowed.
    """
    _mount(folder)
    try:
        yield
    finally:
        _call("umount2", bytes(folder), _DETACHED)


def _mount(folder: Path) -> None:
    user, group = os.getuid(), os.getgid()
    if user == 0:
        _call("unshare", _NEW_MOUNTS)
    else:
        _call("unshare", _NEW_USERS | _NEW_MOUNTS)
        _map("setgroups", "deny")
        _map("uid_map", f"{user} {user} 1")
        _map("gid_map", f"{group} {group} 1")
    _call("mount", b"none", b"/", None, _PRIVATE, None)
    _call("mount", b"tmpfs", bytes(folder), b"tmpfs", 0, f"size={MEGABYTES}m,mode=0777".encode())


def _map(file: str, text: str) -> None:
    Path("/proc/self", file).write_text(text)


def _call(function: str, *arguments: object) -> None:
    if getattr(_libc, function)(*map(_as_c, arguments)):
        code = ctypes.get_errno()
        raise OSError(code, f"{function}: {os.strerror(code)}")


def _as_c(argument: object) -> object:
    return ctypes.c_ulong(argument) if isinstance(argument, int) else argument
