"""All settings, read in one place: command line, then REGISTRY_… variables, then registry.toml."""

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from sqlalchemy.exc import ArgumentError

from projections.process_roles import EVERYTHING, ProcessRole
from projections.static.target_urls import check_target_url, directory_of
from registry.domain.errors import InvalidValueError
from registry.sharding import check_shard_name
from registry.store.database_urls import read_database_url
from registry.this_machine import is_https_or_here

CONFIGURATION_FILE = "registry.toml"
_PREFIX = "REGISTRY_"

_OF_A_SERVICE = re.compile(r"_(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$")
_LINK = re.compile(r"(tcp|udp|sctp)://")


class Settings(BaseSettings):
    """The settings of one registry; `folder` holds everything that is not in the database."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="forbid")

    folder: Path = Path("registry-data")
    database_url: str | None = None
    """SQLite or PostgreSQL; without it `registry.db` in the folder."""
    owner_database_url: SecretStr | None = None
    """The same PostgreSQL by the role that owns the tables, where `database_url` names another.

    Used by `registry erasures settle` and `registry log restore`, for what only the owner may do.
    """
    reading_database_url: str | None = None
    """A hot standby of PostgreSQL that auditors' questions are answered from, not the primary.

    Used by the auditors' routes, and by the commands that need no key: `replay`, `as-of`, others.
    """
    direct_database_url: SecretStr | None = None
    """The same PostgreSQL past any pooler, for the connection that says who leads.

    Needed where `database_url` leads to PgBouncer in transaction mode.
    """
    public_url: str | None = None
    """Where verifiers reach the registry; fixed at `init`, since it stands in signed documents."""

    shard: str | None = None
    """The name of this shard, where several registries share one public URL (docs/shards.md)."""
    shards: tuple[str, ...] = ()
    """The names of all shards that have one, this one among them; the same in each of them."""

    roles: tuple[ProcessRole, ...] = ()
    """What the served processes do; everything unless some are named."""
    workers: int = Field(default=1, ge=1, le=64)
    """How many processes answer HTTP; with more than one the rest is done in one beside them."""
    publisher_parts: int = Field(default=1, ge=1, le=8)
    """Into how many parts the lists fall that different publishers may lead; the same for all."""

    proxies: tuple[str, ...] = ()
    """Addresses of proxies in front of this registry, whose X-Forwarded-For is believed."""

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

    static_targets: tuple[str, ...] = ()
    """URLs of directories and buckets that get a copy of all that the publish folder serves."""

    log_folder: Path | None = None
    """Where the transparency log lies, outside the database; without it `log` in the folder."""
    log_key: SecretStr | None = None
    """The keys that sign checkpoints, a line each; without it `log.key` in the folder is read."""
    log_policy: Path | None = None
    """A trust policy (C2SP tlog-policy) that names witnesses, their URLs and the quorum."""
    accreditation_enforced: bool = False
    """Whether an issuer needs an accreditation that counts in order to issue."""

    bulk_approval_from: int | None = Field(default=None, ge=1)
    """From how many changes on a second person confirms a mass change of statuses; unset: none."""

    list_size: int = Field(default=131_072, ge=131_072, le=4_194_304, multiple_of=8)
    """Entries of each list opened from now on; the default is the least W3C verifiers accept.

    Of more, a list with many entries set would not fit the 1 MiB that is read of a document.
    """
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

    @field_validator("shard")
    @classmethod
    def _shard_name(cls, value: str | None) -> str | None:
        return value and _checked_name(value)

    @field_validator("shards")
    @classmethod
    def _shard_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_checked_name, value))

    @field_validator("static_targets")
    @classmethod
    def _places_for_copies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for url in value:
            try:
                check_target_url(url)
            except InvalidValueError as error:
                raise ValueError(f"{error.reason}; {error.remedy}") from error
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(
            ("sqlite:", "postgresql:", "postgresql+psycopg:")
        ):
            raise ValueError("use postgresql://user@host/database or sqlite:////path/to/file")
        return value

    @field_validator("reading_database_url")
    @classmethod
    def _standby_of_postgres(cls, value: str | None) -> str | None:
        if value is not None and not _names_postgres(value):
            raise ValueError("use postgresql://user@standby/database")
        return value

    @field_validator("owner_database_url")
    @classmethod
    def _owner_of_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _names_postgres(value.get_secret_value()):
            raise ValueError("use postgresql://owner@host/database")
        return value

    @field_validator("direct_database_url")
    @classmethod
    def _direct_to_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _names_postgres(value.get_secret_value()):
            raise ValueError("use postgresql://user@host/database, without a pooler in between")
        return value

    @model_validator(mode="after")
    def _direct_to_the_same(self) -> Self:
        if self.direct_database_url and not _names_postgres(self.effective_database_url):
            raise ValueError("direct_database_url is for PostgreSQL: leave it out with SQLite")
        if _is_pooled(self.given_direct_database_url):
            raise ValueError("direct_database_url must lead past the pooler")
        if _is_pooled(self.effective_database_url) and not self.direct_database_url:
            raise ValueError(
                "database_url leads through a pooler: give direct_database_url, the same database "
                "past it, for the connection that says which process leads"
            )
        return self

    @model_validator(mode="after")
    def _copies_elsewhere(self) -> Self:
        own = self.effective_publish_folder.resolve()
        for place in filter(None, map(directory_of, self.static_targets)):
            target = place.resolve()
            if own.is_relative_to(target) or target.is_relative_to(own):
                raise ValueError(
                    "static_targets: the publish folder is no place for its copies; name another"
                )
        return self

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
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as the base has it
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as the base has it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as the base has it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the command line win over the environment, and both over the folder's file."""
        environment = EnvSettingsSource(settings_cls)
        environment.env_vars = {
            name: value
            for name, value in environment.env_vars.items()
            if not _is_service_link(name, value or "")
        }
        named = init_settings().get("folder") or environment().get("folder")
        folder = Path(named or cls.folder_default())
        file = TomlConfigSettingsSource(settings_cls, folder / CONFIGURATION_FILE)
        for name in file.toml_data:
            _check_is_setting(name, cls.model_fields, file=folder / CONFIGURATION_FILE)
        return init_settings, environment, file

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
    def given_direct_database_url(self) -> str | None:
        """The URL past any pooler, None where none is set; it may hold a password."""
        return self.direct_database_url.get_secret_value() if self.direct_database_url else None

    @property
    def effective_roles(self) -> frozenset[ProcessRole]:
        """What a process does that is built from these settings."""
        return frozenset(self.roles) or EVERYTHING

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


def ignored_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """Give a sentence for each variable that is named like a setting and is none.

    It names the setting that was perhaps meant. No sentence is about links to services, which
    Kubernetes puts into the environment of every container beside a service called `registry`.
    """
    for name, value in environment.items():
        setting = name.upper().removeprefix(_PREFIX).lower()
        is_ours = name.upper().startswith(_PREFIX) and not _is_service_link(name, value)
        if is_ours and setting not in Settings.model_fields:
            yield f"{name} is ignored, since there is no such setting{_meant(setting)}"


def _meant(name: str) -> str:
    near = get_close_matches(name, Settings.model_fields, n=1)
    return f"; did you mean {_PREFIX}{near[0].upper()}?" if near else ""


def _is_service_link(name: str, value: str) -> bool:
    """Tell whether Kubernetes set a variable; its `REGISTRY_PORT` is a URL, the setting never."""
    is_url = name.upper().endswith("_PORT") and _LINK.match(value)
    return bool(is_url or _OF_A_SERVICE.search(name.upper()))


def _check_is_setting(name: str, known: Collection[str], *, file: Path) -> None:
    """Raise InvalidValueError, with the names that are meant perhaps, or else with all."""
    if name in known:
        return
    near = get_close_matches(name, known)
    remedy = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    raise InvalidValueError(
        f"{file} sets it, and there is no such setting", field=name, remedy=remedy
    )


def _checked_name(name: str) -> str:
    try:
        return check_shard_name(name)
    except InvalidValueError as error:
        raise ValueError(error.reason) from error


def _is_pooled(url: str | None) -> bool:
    try:
        return url is not None and "pooled" in read_database_url(url).query
    except (ArgumentError, ValueError):
        return False


def _names_postgres(url: str) -> bool:
    try:
        return read_database_url(url).drivername == "postgresql+psycopg"
    except (ArgumentError, ValueError):
        return False
