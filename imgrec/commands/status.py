"""`imgrec status`: what there is so far."""

import click

from imgrec.commands.console import config_option, configured, json_option, print_json, print_text, table


@click.command()
@json_option
@config_option
def status(as_json: bool) -> None:
    """What catalogue, model, index and log hold, on one screen."""
    from imgrec.status import read_status

    overview = read_status(configured())
    if as_json:
        print_json(overview.as_json())
        return
    shown = table("imgrec", "", "")
    shown.show_header = False
    for part, lines in overview.in_words().items():
        for number, line in enumerate(lines):
            shown.add_row(part if number == 0 else "", line)
    print_text(shown)
