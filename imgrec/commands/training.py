"""What the commands that train have in common: an option for each training setting."""

from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

import click

from imgrec.training.settings import TrainingSettings


def setting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each training setting that fits on a command line; what is not given, the recipe decides."""
    for name, field in reversed(TrainingSettings.model_fields.items()):
        kind: Any = field.annotation
        if name == "stages":
            continue
        if get_origin(kind) is Literal:
            kind = click.Choice(get_args(kind))
        elif get_args(kind):  # float | None
            kind = get_args(kind)[0]
        option = f"--{name.replace('_', '-')}"
        if kind is bool:
            command = click.option(f"{option}/--no-{option[2:]}", name, default=None, help=field.description)(command)
        else:
            command = click.option(option, name, type=kind, help=field.description)(command)
    return command
