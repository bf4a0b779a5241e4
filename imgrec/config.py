"""The configuration: one YAML file, validated once into frozen models, each part given its own section.

Every key is optional. Relative paths are relative to the file. Token and webhook secret are never in the file:
they come from the environment (`Secrets`), and nothing here ever prints them.
"""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeGuard

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_core import PydanticCustomError

from imgrec.errors import ConfigError

CONFIG_VARIABLE = "IMGREC_CONFIG"
DEFAULT_FILE = Path("config.yaml")

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://[^\s/]\S*")
_MEANT_AS_ADDRESS = re.compile(r"\w[\w+.-]+:/")


def _place(value: object) -> Path | str:
    if isinstance(value, str) and _ADDRESS.fullmatch(value):
        return value
    if isinstance(value, str | Path) and not _MEANT_AS_ADDRESS.match(str(value)):
        return Path(value)
    raise PydanticCustomError("place", "Input should be a folder, or an address such as s3://BUCKET/FOLDER")


Place = Annotated[Path | str, PlainValidator(_place)]
"""A folder: the path of one here, or the address of one in object storage."""


class Section(BaseModel):
    """A frozen part of the configuration that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CatalogueSection(Section):
    """Where products and their photos are kept."""

    path: Path = Field(Path("data/catalogue.db"), description="SQLite file of products, photos and categories.")
    photos: Place = Field(
        Path("data/photos"),
        description="Folder of the photos, named by their content; s3://BUCKET/FOLDER where they are only fetched, "
        "looked at and indexed. Bot, training and backup take a folder here.",
    )


class PhotosSection(Section):
    """How `imgrec photos` fetches photos and judges them."""

    concurrency: int = Field(16, ge=1, le=256, description="Most photos under way at a time.")
    host_concurrency: int = Field(6, ge=1, le=256, description="Most of them from one host.")
    host_interval_s: float = Field(0.0, ge=0, description="Least time from one request to a host to the next.")
    connect_timeout_s: float = Field(10.0, gt=0, description="Most time to look a host up and connect.")
    read_timeout_s: float = Field(20.0, gt=0, description="Most time a server may be silent.")
    total_timeout_s: float = Field(60.0, gt=0, description="Most time for one attempt, redirects included.")
    attempts: int = Field(4, ge=1, description="Most attempts at a photo in one run, where trying again may help.")
    backoff_s: float = Field(1.0, ge=0, description="Wait after a photo's first failed attempt; doubled each time.")
    longest_wait_s: float = Field(
        60.0,
        ge=0,
        description="Longest such wait, and longest Retry-After that is waited for; beyond it the next run tries.",
    )
    redirects: int = Field(5, ge=0, description="Most redirects followed for one photo.")
    largest_mb: float = Field(20.0, gt=0, description="Largest file fetched, in millions of bytes.")
    least_side_px: int = Field(32, ge=1, description="Least short side of a fetched photo; below it: too_small.")
    allow_private: bool = Field(
        False,
        description="Whether feeds, and links that shoppers send to the bot (`bot.links`), may name hosts of your own "
        "network or machine. Redirects to others there stay refused, as do link-local, multicast and "
        "reserved addresses.",
    )
    contact: str | None = Field(
        None,
        pattern=r"^(https?://|[^@\s()]+@)[!-'*-~]+$",
        description="Web or mail address that servers are shown in the User-Agent, so that they can write to you.",
    )
    placeholder_products: int = Field(
        10, ge=2, description="From how many unlike products showing one picture on it counts as a placeholder."
    )


class ModelSection(Section):
    """Which model looks at photos."""

    path: Path = Field(
        Path("models"),
        description="What `imgrec index` looks with: a model's folder, or the folder of models, where `imgrec models "
        "use NAME` sets the one (else: imagenet). Search and bot take the model that the index was made with.",
    )
    arithmetic: Literal["auto", "float32"] = Field(
        "auto",
        description="auto: what the processor does best, bfloat16 where it has that in hardware. float32: always that.",
    )


class FeaturesSection(Section):
    """Where it is kept what a model saw in the catalogue's photos, so that each is looked at once."""

    path: Place | None = Field(
        None,
        description="Folder of the features, here or s3://BUCKET/FOLDER. null: `features` beside index.path.",
    )


class MilvusSection(Section):
    """The Milvus server that has the vectors where index.engine is milvus; MILVUS_TOKEN is its user:password or key."""

    uri: str = Field(
        "http://127.0.0.1:19530",
        pattern=r"^https?://[^\s/@]+(/[^\s@]*)?$",
        description="Its address, without user or password.",
    )
    prefix: str = Field(
        "imgrec",
        pattern="^[A-Za-z_][A-Za-z0-9_]{0,99}$",
        description="What names of collections begin with: letters, digits and _.",
    )
    index: Literal["FLAT", "HNSW"] = Field(
        "FLAT",
        description="FLAT: every vector is compared, which is exact. HNSW: a graph is followed, which is faster and "
        "misses some; imgrec index measures and says how many.",
    )
    timeout_s: float = Field(5.0, gt=0, description="Most time for one question; after that a shopper's has to wait.")
    _token: SecretStr | None = PrivateAttr(None)

    @property
    def token(self) -> str:
        """From the environment, and never printed; blank: none."""
        return self._token.get_secret_value() if self._token else ""


class IndexSection(Section):
    """Where it is kept what the shop knows, and searches."""

    path: Path = Field(Path("data/index"), description="Folder of the index; each build is a generation below it.")
    engine: Literal["embedded", "milvus"] = Field(
        "embedded",
        description="What has the vectors of the next build and searches them. embedded: the process itself. milvus: a "
        "server, for catalogues that outgrow a machine (docs/scale.md).",
    )
    milvus: MilvusSection = MilvusSection()


class SearchSection(Section):
    """How similar products are chosen."""

    threshold: Literal["auto"] | Annotated[float, Field(ge=-1, le=1)] = Field(
        "auto",
        description="Least cosine similarity of a match, -1 to 1. auto: fitted when the index was built, so that at "
        "least 70 % of what is shown is right.",
    )
    results: int = Field(6, ge=1, le=10, description="Most matches in an answer (an album holds ten).")
    scoping: Literal["auto", "hard", "soft", "all"] = Field(
        "auto",
        description="hard: search the likeliest category only. soft: the fewest categories whose probabilities "
        "reach scope_mass. all: every one. auto: the better of hard and soft on the shop's own photos.",
    )
    scope_mass: float = Field(0.9, gt=0, le=1, description="Probability that soft scoping has to cover.")
    out_of_stock: Literal["hide", "mark", "show"] = Field(
        "hide",
        description="What becomes of products that their feed says are out of stock: hidden, shown with a mark, or "
        "shown like others.",
    )
    variants: Literal["one", "each"] = Field(
        "one",
        description="one: of the variants of a product (a group) the most similar is shown, with the lowest price of "
        "all. each: every one by itself.",
    )


class LogSection(Section):
    """Where queries and votes are kept."""

    path: Path = Field(Path("data/log.db"), description="SQLite file of queries, matches and votes.")


class PrivacySection(Section):
    """How long it is kept what shoppers asked, and whether their photos are."""

    retention_days: int | None = Field(
        365,
        ge=1,
        description="Queries with their matches, votes and actions are deleted from the log when they are older, and "
        "so are kept photos. null: never.",
    )
    keep_photos: bool = Field(
        False,
        description="Whether shoppers are asked, once each, if their photos may be kept, and those of who agrees are.",
    )
    photos: Path = Field(Path("data/shoppers"), description="Folder of the shoppers' photos that are kept.")


class WebhookSection(Section):
    """How Telegram reaches the bot when telegram.mode is webhook."""

    url: str | None = Field(
        None, pattern=r"^https?://\S+$", description="Public https address Telegram posts updates to."
    )
    listen: str = Field("127.0.0.1", description="Address to listen on, behind your reverse proxy.")
    port: int = Field(8443, ge=1, le=65535, description="Port to listen on.")


class TelegramSection(Section):
    """How the bot talks to Telegram."""

    api_url: str = Field(
        "https://api.telegram.org",
        pattern=r"^https?://\S+[^/\s]$",
        description="The Bot API server: Telegram's, a self-hosted one, or the sandbox. TELEGRAM_API_URL overrides it.",
    )
    mode: Literal["polling", "webhook"] = Field(
        "polling", description="Fetch updates, or have them posted to webhook.url."
    )
    webhook: WebhookSection = WebhookSection()
    admins: tuple[int, ...] = Field(
        (),
        description="Telegram ids of the shop's owners: they may ask /stats, and are told when something breaks.",
    )

    @field_validator("api_url", mode="before")
    @classmethod
    def _without_slash(cls, url: object) -> object:
        return url.strip().rstrip("/") if isinstance(url, str) else url


class BotSection(Section):
    """How the bot behaves under load."""

    database: Path | None = Field(
        None,
        description="SQLite file of what came in and what is to be sent, and of chats' settings; "
        "default: bot.db beside log.path.",
    )
    batch_size: int = Field(8, ge=1, le=64, description="Most waiting photos recognised in one batch.")
    queue_limit: int = Field(5000, ge=1, description="Photos that may wait; those beyond it are turned away.")
    queue_limit_of_shopper: int = Field(250, ge=1, description="Photos of one shopper that may wait, in one chat.")
    queue_limit_mb: int = Field(5000, ge=1, description="Size of all photos that may wait, in megabytes.")
    answer_within_s: int = Field(
        900, ge=10, description="How long an answer is of use, in seconds; after that the shopper is told so instead."
    )
    wish_days: int = Field(
        90, ge=1, le=3650, description="How long a shopper's wish to hear of what comes in stands, in days."
    )
    links: bool = Field(
        True,
        description="Whether links to images are followed that shoppers send, under the rules of the section photos; "
        "else the bot connects to Telegram alone.",
    )
    stop_within_s: int = Field(
        8, ge=0, le=600, description="How long a bot that is told to stop goes on answering; what is left waits."
    )
    heartbeat: Path = Field(
        Path("data/bot.heartbeat"),
        description="File touched while the bot hears from Telegram; `python -m bot --health` reads it.",
    )


class MetricsSection(Section):
    """What the bot tells Prometheus."""

    port: int | None = Field(None, ge=1, le=65535, description="Port that serves /metrics. null: none does.")
    listen: str = Field("127.0.0.1", description="Address to listen on; nobody is asked for a password there.")


class Config(Section):
    """The whole tree; an entry point validates it and hands each part its own section."""

    catalogue: CatalogueSection = CatalogueSection()
    photos: PhotosSection = PhotosSection()
    model: ModelSection = ModelSection()
    features: FeaturesSection = FeaturesSection()
    index: IndexSection = IndexSection()
    search: SearchSection = SearchSection()
    log: LogSection = LogSection()
    privacy: PrivacySection = PrivacySection()
    telegram: TelegramSection = TelegramSection()
    bot: BotSection = BotSection()
    metrics: MetricsSection = MetricsSection()

    @property
    def bot_database(self) -> Path:
        """Where the bot keeps what it has to remember."""
        return self.bot.database or self.log.path.with_name("bot.db")

    @property
    def features_path(self) -> Path | str:
        """Where features are kept."""
        return self.features.path or self.index.path.parent / "features"


class Secrets(Section):
    """What comes from the environment and is never printed."""

    token: SecretStr | None = None
    webhook_secret: SecretStr | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Secrets":
        """Read TELEGRAM_BOT_TOKEN and TELEGRAM_WEBHOOK_SECRET; blank counts as absent."""
        return cls(
            token=_secret(environment, "TELEGRAM_BOT_TOKEN"),
            webhook_secret=_secret(environment, "TELEGRAM_WEBHOOK_SECRET"),
        )


def load_config(path: Path | None, environment: Mapping[str, str]) -> Config:
    """Read and validate the configuration.

    `path` (from `--config`) wins over IMGREC_CONFIG, which wins over ./config.yaml; only the last may be absent,
    and then every key has its default. Raises ConfigError with one line that names the key and what it allows.
    """
    file = config_file(path, environment)
    if not file.is_file():
        if path or environment.get(CONFIG_VARIABLE):
            raise ConfigError(
                f"There is no configuration file {file}. Name an existing one with --config or {CONFIG_VARIABLE}."
            )
        content: Any = {}
    else:
        content = _read_yaml(file)
    api_url = environment.get("TELEGRAM_API_URL", "").strip()
    if api_url and isinstance(content.get("telegram", {}), dict):
        content = {**content, "telegram": {**(content.get("telegram") or {}), "api_url": api_url}}
    try:
        config = Config.model_validate(_without_empty_sections(content, Config))
    except ValidationError as error:
        raise ConfigError(
            _first_problem(error, file, {"telegram.api_url": "TELEGRAM_API_URL"} if api_url else {})
        ) from None
    try:
        resolved: Config = _resolve_paths(config, file.resolve().parent)
    except RuntimeError as error:  # of ~ or ~name, where there is no such home
        raise ConfigError(f"{file}: a path begins with ~, and that cannot be expanded: {error}") from None
    resolved.index.milvus._token = _secret(environment, "MILVUS_TOKEN")
    return resolved


def config_file(path: Path | None, environment: Mapping[str, str]) -> Path:
    """The file that `load_config` reads; only the default one may be absent."""
    return path or Path(environment.get(CONFIG_VARIABLE) or DEFAULT_FILE)


def config_keys(section: type[Section] = Config, prefix: str = "") -> list[str]:
    """Every key of the tree in dotted form, in the order of the classes above."""
    keys = []
    for name, field in section.model_fields.items():
        kind = field.annotation
        if _is_section(kind):
            keys += config_keys(kind, f"{prefix}{name}.")
        else:
            keys.append(f"{prefix}{name}")
    return keys


def _secret(environment: Mapping[str, str], name: str) -> SecretStr | None:
    value = environment.get(name, "").strip()
    return SecretStr(value) if value else None


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid YAML{_where_and_why(error)}") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{file} must hold sections such as 'catalogue:', not {type(content).__name__}.")
    return content


def _where_and_why(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f", line {error.problem_mark.line + 1}: {error.problem}."
    return f": {' '.join(str(error).split())}"


def _without_empty_sections(content: Any, section: type[Section]) -> Any:
    """A section whose keys are all commented out reads as null, which means its defaults."""
    if not isinstance(content, dict):
        return content
    inner = {name: kind for name, field in section.model_fields.items() if _is_section(kind := field.annotation)}
    return {
        name: _without_empty_sections(value, inner[name]) if name in inner else value
        for name, value in content.items()
        if value is not None or name not in inner
    }


def _is_section(kind: Any) -> TypeGuard[type[Section]]:
    return isinstance(kind, type) and issubclass(kind, Section)


def _first_problem(error: ValidationError, file: Path, from_environment: Mapping[str, str]) -> str:
    """In one line; `from_environment` names the variables that took the place of keys."""
    problems = error.errors()
    problem = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    if problem["type"] == "extra_forbidden":
        path = [str(part) for part in problem["loc"]]
        key = ".".join(path)
        known = config_keys()
        nearest = difflib.get_close_matches(key, known + list(Config.model_fields), n=1, cutoff=0.5)
        nearest = nearest or [k for k in known if k.rsplit(".", 1)[-1] == path[-1]][:1]
        hint = f" Did you mean '{nearest[0]}'?" if nearest else f" Known sections: {', '.join(Config.model_fields)}."
        return f"{file}: unknown key '{key}'.{hint}"
    key = _key(problem)
    if problem["type"] == "model_type":
        return f"{file}: '{key}' must be a section of keys, not {problem['input']!r}."
    if problem["type"] == "invalid_key":
        return f"{file}: {problem['input']!r} is no key. Known sections: {', '.join(Config.model_fields)}."
    named = from_environment.get(key) or f"{file}: {key}"
    allowed = " or ".join(dict.fromkeys(_wanted(p) for p in problems if _key(p) == key))
    return f"{named} is {problem['input']!r}; it should {allowed}."


def _key(problem: Any) -> str:
    return ".".join(str(part) for part in problem["loc"] if not _is_union_branch(part))


def _wanted(problem: Any) -> str:
    """What a value should be or do, from a message such as "Input should be greater than 0"."""
    if problem["type"] == "path_type":
        return "be a path"
    if problem["type"] == "tuple_type":
        return "be a list, such as [1, 2]"
    if problem["type"] == "string_pattern_mismatch":
        pattern = problem["ctx"]["pattern"]
        return "look like https://example.org" if "http" in pattern else f"match {pattern}"
    return re.sub(r"^\w+ should |, unable to parse .*", "", problem["msg"])


def _is_union_branch(part: int | str) -> bool:
    """Pydantic appends the branch of a union ("literal['auto']", "constrained-float") to a location."""
    return isinstance(part, str) and (part.startswith(("literal[", "constrained-")) or part in {"float", "int"})


def _resolve_paths(section: Any, base: Path) -> Any:
    changes: dict[str, Any] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            changes[name] = _resolve_paths(value, base)
        elif isinstance(value, Path):
            changes[name] = base / value.expanduser()
    return section.model_copy(update=changes)
