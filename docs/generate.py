"""Writes what is generated from the code: docs/commands.md from `--help`, config.yaml from the configuration's keys.

    python docs/generate.py            # or: make fix

A test compares the files with what this would write.
"""

from pathlib import Path
from typing import Any

import click
import yaml

from bot.__main__ import main as bot_command
from imgrec.cli import main as imgrec_command
from imgrec.config import Config, Section
from sandbox.__main__ import main as sandbox_command

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 100


def commands_page() -> str:
    """Every command with its `--help`."""
    parts = ["# Commands\n\nGenerated from `--help`; `make fix` writes it anew.\n"]
    for name, command in [
        ("imgrec", imgrec_command),
        ("python -m bot", bot_command),
        ("python -m sandbox", sandbox_command),
    ]:
        parts += _help_of(name, command, None)
    return "\n".join(parts)


def config_file() -> str:
    """Every key with its explanation and default."""
    lines = [
        "# Configuration of imgrec and its bot. Every key is optional; these are the defaults.",
        "# Relative paths are relative to this file. Another file: --config FILE, or IMGREC_CONFIG.",
        "#",
        "# The bot's token and the webhook's secret never stand here. They come from the environment:",
        "# TELEGRAM_BOT_TOKEN, TELEGRAM_WEBHOOK_SECRET; TELEGRAM_API_URL overrides telegram.api_url. Nor does that of",
        "# Milvus: MILVUS_TOKEN.",
    ]
    for name, field in Config.model_fields.items():
        lines += ["", *_section(name, field.annotation, "")]
    return "\n".join(lines) + "\n"


def _help_of(name: str, named: click.Command, parent: click.Context | None) -> list[str]:
    width = {"max_content_width": WIDTH, "terminal_width": WIDTH}
    with named.make_context(name, [], parent, resilient_parsing=True, **width) as context:
        command = context.command  # which was imported for it
        parts = [f"## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"]
        if isinstance(command, click.Group):
            for child in command.list_commands(context):
                parts += _help_of(child, command.commands[child], context)
    return parts


def _section(name: str, section: Any, indent: str) -> list[str]:
    lines = [f"{indent}{name}:  # {' '.join((section.__doc__ or '').split())}"]
    indent += "  "
    for key, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            lines += _section(key, field.annotation, indent)
            continue
        lines += [f"{indent}# {line}" for line in _wrapped(field.description or "")]
        default = str(field.default) if isinstance(field.default, Path) else field.default
        lines.append(f"{indent}{key}: {yaml.safe_dump(default).splitlines()[0]}")
    return lines


def _wrapped(text: str) -> list[str]:
    return click.wrap_text(text, WIDTH).splitlines()


if __name__ == "__main__":
    (ROOT / "docs" / "commands.md").write_text(commands_page(), encoding="utf-8")
    (ROOT / "config.yaml").write_text(config_file(), encoding="utf-8")
