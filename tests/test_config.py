"""One YAML file, validated once: every key optional, every mistake named in one line."""

from pathlib import Path

import pytest
import yaml

from imgrec.config import Config, Secrets, config_keys, load_config
from imgrec.errors import ConfigError

ROOT = Path(__file__).parent.parent


@pytest.fixture
def write(tmp_path):
    def write_config_text(text: str) -> Path:
        file = tmp_path / "shop" / "config.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write_config_text


def problem_of(file: Path, **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(file, environment)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_without_a_file_every_key_has_its_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load_config(None, {})
    assert config.catalogue.path == tmp_path / "data/catalogue.db"
    assert config.log.path == tmp_path / "data/log.db"
    assert (config.search.threshold, config.search.results) == ("auto", 6)
    assert (config.telegram.api_url, config.telegram.mode) == ("https://api.telegram.org", "polling")


def test_relative_paths_are_relative_to_the_file_and_absolute_ones_stay(write, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    file = write("catalogue: {path: shop.db, photos: ../photos}\nlog: {path: /var/log.db}\nmodel: {path: ~/models}")
    config = load_config(file, {})
    assert config.catalogue.path == file.parent / "shop.db"
    assert config.catalogue.photos.resolve() == tmp_path / "photos"
    assert config.log.path == Path("/var/log.db")
    assert config.model.path == tmp_path / "home/models"
    assert config.bot.heartbeat == file.parent / "data/bot.heartbeat"


def test_the_option_wins_over_the_variable_and_the_variable_over_the_folder(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("search: {results: 1}")
    in_variable = tmp_path / "variable.yaml"
    in_variable.write_text("search: {results: 2}")
    in_option = write("search: {results: 3}")
    environment = {"IMGREC_CONFIG": str(in_variable)}
    found = [load_config(*case).search.results for case in ((None, {}), (None, environment), (in_option, environment))]
    assert found == [1, 2, 3]


def test_a_file_that_was_named_must_exist(tmp_path):
    assert "no configuration file" in problem_of(tmp_path / "absent.yaml")
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        load_config(None, {"IMGREC_CONFIG": str(tmp_path / "absent.yaml")})


@pytest.mark.parametrize("text", ["", "# nothing\n", "search:\n  # threshold: 0.5\n", "telegram:\n  webhook:\n"])
def test_a_section_with_all_its_keys_commented_out_has_its_defaults(write, text):
    file = write(text)
    assert load_config(file, {}).search == Config().search
    assert load_config(file, {}).telegram == Config().telegram


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("search: {treshold: 0.5}", "search.threshold"),
        ("serach: {threshold: 0.5}", "search"),
        ("threshold: 0.5", "search.threshold"),
        ("telegram: {webhook: {prot: 8443}}", "telegram.webhook.port"),
        ("logs: {path: log.db}", "log"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(write, text, meant):
    message = problem_of(write(text))
    assert "unknown key" in message
    assert message.endswith(f"Did you mean '{meant}'?")


@pytest.mark.parametrize("text", ["zzz: 1", "1: 2", "float: 1"])
def test_a_key_like_no_other_is_refused_too(write, text):
    assert text.split(":")[0] in problem_of(write(text))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("search: {threshold: high}", ["search.threshold is 'high'", "'auto'", "a valid number."]),
        ("search: {threshold: 1.5}", ["search.threshold is 1.5", "less than or equal to 1"]),
        ("search: {threshold: .nan}", ["search.threshold is nan"]),
        ("search: {results: 11}", ["search.results is 11", "less than or equal to 10"]),
        ("model: {arithmetic: int8}", ["model.arithmetic is 'int8'", "'auto' or 'float32'"]),
        ("telegram: {api_url: api.telegram.org}", ["telegram.api_url", "https://"]),
        ("catalogue: {path: 5}", ["catalogue.path is 5", "a path"]),
        ("catalogue: {path: ~nobody-of-this-name/x}", ["~"]),
        ("catalogue: 5", ["'catalogue' must be a section"]),
        ("telegram: {webhook: 5}", ["'telegram.webhook' must be a section"]),
        ("- catalogue", ["must hold sections", "list"]),
        ("telegram: {admins: 5}", ["telegram.admins is 5", "a list, such as [1, 2]."]),
        ("search: [", ["not valid YAML, line 1: ", "stream end"]),
        ("search:\n  results: 5\n\tthreshold: auto", ["not valid YAML, line 3: found character '\\t'"]),
        ("search: !!python/object/apply:os.getcwd []", ["not valid YAML"]),
    ],
)
def test_a_wrong_value_is_refused_with_the_key_the_value_and_what_is_allowed(write, text, parts):
    message = problem_of(write(text))
    assert all(part in message for part in parts), message
    assert "config.yaml" in message


def test_a_file_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_bytes(b"\xff\xfe\x00junk")
    assert "not valid YAML" in problem_of(file)


def test_the_api_url_may_come_from_the_environment_and_ends_without_a_slash(write):
    file = write("telegram: {api_url: 'http://127.0.0.1:8081/', mode: webhook}")
    assert load_config(file, {}).telegram.api_url == "http://127.0.0.1:8081"
    telegram = load_config(file, {"TELEGRAM_API_URL": " http://sandbox:9000/ "}).telegram
    assert (telegram.api_url, telegram.mode) == ("http://sandbox:9000", "webhook")
    assert problem_of(file, TELEGRAM_API_URL="sandbox").startswith("TELEGRAM_API_URL is 'sandbox'")


def test_a_token_in_the_file_is_refused(write):
    assert "unknown key 'telegram.token'" in problem_of(write("telegram: {token: '1:secret'}"))


def test_secrets_come_from_the_environment_and_are_never_printed():
    secrets = Secrets.from_environment({"TELEGRAM_BOT_TOKEN": " 42:hush ", "TELEGRAM_WEBHOOK_SECRET": "  "})
    assert secrets.token is not None
    assert secrets.token.get_secret_value() == "42:hush"
    assert secrets.webhook_secret is None
    assert "hush" not in f"{secrets} {secrets!r} {secrets.model_dump_json()}"


def test_configuration_cannot_be_changed_after_it_was_read(write):
    with pytest.raises(ValueError, match="frozen"):
        load_config(write(""), {}).search.results = 3


def test_every_key_is_listed_in_dotted_form_and_described():
    keys = config_keys()
    assert {"catalogue.path", "catalogue.photos", "model.path", "index.path", "log.path", "search.threshold",
            "search.results", "telegram.api_url", "telegram.mode", "telegram.webhook.port"} <= set(keys)  # fmt: skip
    for key in keys:
        section: type = Config
        *sections, name = key.split(".")
        for part in sections:
            section = section.model_fields[part].annotation
        assert section.model_fields[name].description, key


@pytest.mark.skipif(not (ROOT / "config.yaml").exists(), reason="there is no config.yaml beside the code")
def test_the_shipped_configuration_names_only_known_keys():
    load_config(ROOT / "config.yaml", {})
    assert set(yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")) or {}) <= set(Config.model_fields)


def test_the_token_of_milvus_comes_from_the_environment_and_is_never_printed(write):
    file = write("index: {engine: milvus, milvus: {uri: 'https://vectors.example.org'}}")
    config = load_config(file, {"MILVUS_TOKEN": "root:secret "})
    assert config.index.milvus.token == "root:secret"
    assert "secret" not in f"{config!r} {config.model_dump_json()}"
    assert load_config(file, {}).index.milvus.token == ""
    assert "unknown key 'index.milvus.token'" in problem_of(write("index: {milvus: {token: root:secret}}"))


def test_names_and_addresses_that_milvus_would_not_take_are_refused(write):
    assert "it should look like https://example.org" in problem_of(
        write("index: {milvus: {uri: 'http://root:secret@milvus:19530'}}")
    )
    assert "it should match ^[A-Za-z_]" in problem_of(write("index: {milvus: {prefix: 2-shops}}"))
