"""All settings, read in one place: command line, then REGISTRY_… variables, then registry.toml."""

from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from registry.this_machine import is_https_or_here

CONFIGURATION_FILE = "registry.toml"


class Settings(BaseSettings):
    """The settings of one registry; `folder` holds everything that is not in the database."""

    model_config = SettingsConfigDict(env_prefix="REGISTRY_", extra="forbid")

    folder: Path = Path("registry-data")
    database_url: str | None = None
    """SQLite or PostgreSQL; without it `registry.db` in the folder."""
    owner_database_url: SecretStr | None = None
    """The same PostgreSQL by the role that owns the tables, where `database_url` names another.

    Used by `registry erasures settle` and `registry log restore`, for what only the owner may do.
    """
    public_url: str | None = None
    """Where verifiers reach the registry; fixed at `init`, since it stands in signed documents."""

    host: str = "127.0.0.1"
    port: int = Field(default=8443, ge=1, le=65535)
    certfile: Path | None = None
    """The TLS certificate in PEM; without it plain HTTP is served."""
    keyfile: Path | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(default=9464, ge=0, le=65535)
    """Where Prometheus reads; 0 serves no metrics."""

    master_key: SecretStr | None = None
    """32 bytes in base64url; without it `master.key` in the folder is read."""
    publish_folder: Path | None = None
    """Where lists and DID documents are served from; without it `published` in the folder."""

    log_folder: Path | None = None
    """Where the transparency log lies, outside the database; without it `log` in the folder."""
    log_key: SecretStr | None = None
    """The keys that sign checkpoints, a line each; without it `log.key` in the folder is read."""
    log_policy: Path | None = None
    """A trust policy (C2SP tlog-policy) that names witnesses, their URLs and the quorum."""
    accreditation_enforced: bool = False
    """Whether an issuer needs an accreditation that counts in order to issue."""

    list_size: int = Field(default=131_072, ge=131_072, multiple_of=8)
    """Entries of each list opened from now on; the default is the least W3C verifiers accept."""
    list_validity_seconds: int = Field(default=86_400, ge=60)
    """How long a published list is good for; it is signed anew after half of that."""
    list_ttl_seconds: int = Field(default=300, ge=1)
    """How long a verifier may keep a list: its `ttl` and the answer's `max-age`."""
    list_retention_days: int = Field(default=3650, ge=1)
    """How long a list is still published after its last credential ended."""
    greatest_lag_seconds: float = Field(default=10.0, gt=0)
    """`/readyz` says not ready once a view is further behind than this."""

    @field_validator("public_url")
    @classmethod
    def _plain_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if not is_https_or_here(parts):
            raise ValueError("must be an https URL such as https://registry.example.org")
        if parts.query:
            raise ValueError("must be a plain https URL such as https://registry.example.org")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(
            ("sqlite:", "postgresql:", "postgresql+psycopg:")
        ):
            raise ValueError("use postgresql://user@host/database or sqlite:////path/to/file")
        return value

    @field_validator("owner_database_url")
    @classmethod
    def _owner_of_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _names_postgres(value.get_secret_value()):
            raise ValueError("use postgresql://owner@host/database")
        return value

    @model_validator(mode="after")
    def _whole_pair(self) -> Self:
        if (self.certfile is None) != (self.keyfile is None):
            raise ValueError("certfile and keyfile go together: give both, or neither")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as the base has it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as the base has it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the command line win over the environment, and both over the folder's file."""
        named = init_settings().get("folder") or env_settings().get("folder")
        folder = Path(named or cls.folder_default())
        file = TomlConfigSettingsSource(settings_cls, folder / CONFIGURATION_FILE)
        return init_settings, env_settings, file

    @classmethod
    def folder_default(cls) -> Path:
        """Return the folder used when none is named."""
        default: Path = cls.model_fields["folder"].default
        return default

    @classmethod
    def read(cls, **given: Any) -> Self:
        """Read the settings; what is given and not None comes first."""
        return cls(**{name: value for name, value in given.items() if value is not None})

    @property
    def effective_database_url(self) -> str:
        """The database's URL: SQLite in the folder unless another is set."""
        return self.database_url or f"sqlite:///{self.folder / 'registry.db'}"

    @property
    def given_owner_database_url(self) -> str | None:
        """The owner's URL, None where none is set; it may hold a password."""
        return self.owner_database_url.get_secret_value() if self.owner_database_url else None

    @property
    def effective_publish_folder(self) -> Path:
        """The publish folder: `published` in the folder unless another is set."""
        return self.publish_folder or self.folder / "published"

    @property
    def effective_log_folder(self) -> Path:
        """The transparency log's folder: `log` in the folder unless another is set."""
        return self.log_folder or self.folder / "log"

    @property
    def log_key_file(self) -> Path:
        """Where `init` puts the key that signs checkpoints."""
        return self.folder / "log.key"

    @property
    def erasure_journal_file(self) -> Path:
        """The list of erased keys, which a restore of the database must not bring back."""
        return self.folder / "erasures.journal"

    @property
    def master_key_file(self) -> Path:
        """Where `init` puts the master key."""
        return self.folder / "master.key"


def _names_postgres(url: str) -> bool:
    try:
        return make_url(url).drivername in {"postgresql", "postgresql+psycopg"}
    except (ArgumentError, ValueError):
        return False
