"""Where settings come from: environment variables, and for a secret NAME the file that `NAME_FILE` names."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from shared.runtime.secret_files import SecretFiles, secret_files


def _split_list(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


CommaSeparated = Annotated[list[str], NoDecode, BeforeValidator(_split_list)]
"""Comma-separated."""

EmptyIsNone = BeforeValidator(lambda value: value or None)


class EnvironmentSettings(BaseSettings):
    """The base of every settings class."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, SecretFiles(settings_cls), env_settings

    def files_read_once(self) -> dict[str, Path]:
        """Return the files whose content this process read when it started and will not read again, by the
        variable that names each."""
        return secret_files(type(self))
