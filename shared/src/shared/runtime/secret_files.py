"""Every secret setting may lie in a file: `NAME_FILE` names it, where `NAME` would hold the value.

A setting is secret by its type: `SecretStr`, or `Secret[…]` of another type, alone or inside a list.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

_SECRETS = (Secret, SecretBytes, SecretStr)
_MAX_BYTES = 64 * 1024


class SecretFiles(EnvSettingsSource):
    """Reads the files that `NAME_FILE` variables name, without the line breaks at the end. An empty variable
    counts as none."""

    def __call__(self) -> dict[str, Any]:
        """Raises SettingsError: a file cannot be read or is empty, or the value is given as well."""
        return dict(self._read())

    def _read(self) -> Iterator[tuple[str, str]]:
        for name, field in self.settings_cls.model_fields.items():
            path = self.env_vars.get(f"{name}_file") if is_secret(field) else None
            if not path:
                continue
            if self.env_vars.get(name):
                raise SettingsError(f"{name.upper()} and {name.upper()}_FILE are both set: unset one of them")
            yield name, _read_secret(f"{name.upper()}_FILE", Path(path))


def secret_files(settings: type[BaseSettings]) -> dict[str, Path]:
    """Return the files that the environment names for secrets of these settings, by `NAME_FILE`."""
    variables = [f"{name.upper()}_FILE" for name, field in settings.model_fields.items() if is_secret(field)]
    return {variable: Path(path) for variable in variables if (path := os.environ.get(variable))}


def is_secret(field: FieldInfo) -> bool:
    return _holds_secret(field.annotation)


def _holds_secret(annotation: Any) -> bool:
    kind = get_origin(annotation) or annotation
    if isinstance(kind, type) and issubclass(kind, _SECRETS):
        return True
    return any(_holds_secret(part) for part in get_args(annotation))


def _read_secret(variable: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            secret = file.read(_MAX_BYTES + 1).decode().rstrip("\r\n")
    except UnicodeError:
        raise SettingsError(f"{variable}: {path} is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"{variable}: {path} cannot be read: {reason}") from None
    if not secret:
        raise SettingsError(f"{variable}: {path} is empty")
    if len(secret) > _MAX_BYTES:
        raise SettingsError(f"{variable}: {path} has more than {_MAX_BYTES} bytes: it is no secret")
    return secret
