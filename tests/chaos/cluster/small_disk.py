"""A disk of a few megabytes that can be filled: a tmpfs in a mount namespace of this process.

It disappears with the process. An unprivileged user may mount it where the kernel allows user namespaces.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEGABYTES = 256
"""PostgreSQL's cluster and its log take some 60."""

_CLONE_NEWUSER, _CLONE_NEWNS = 0x10000000, 0x00020000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_MNT_DETACH = 2
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """Mount it at `folder`, for this process and those that it starts meanwhile.

    Enter before there is a second thread. Raises OSError where mounting is not allowed.
    """
    _mount(folder)
    try:
        yield
    finally:
        _call("umount2", bytes(folder), _MNT_DETACH)


def _mount(folder: Path) -> None:
    user, group = os.getuid(), os.getgid()
    if user == 0:
        _call("unshare", _CLONE_NEWNS)
    else:
        _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNS)
        maps = {"setgroups": "deny", "uid_map": f"{user} {user} 1", "gid_map": f"{group} {group} 1"}
        for file, text in maps.items():
            Path("/proc/self", file).write_text(text)
    _call("mount", b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
    _call("mount", b"tmpfs", bytes(folder), b"tmpfs", 0, f"size={MEGABYTES}m,mode=0777".encode())


def _call(function: str, *arguments: object) -> None:
    if getattr(_libc, function)(*(ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments)):
        code = ctypes.get_errno()
        raise OSError(code, f"{function}: {os.strerror(code)}")
