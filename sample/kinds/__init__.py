"""The kinds of product the shop sells, a module for each of the twenty departments."""

from types import ModuleType

from sample.design import Kind
from sample.kinds import (
    apps,
    automotive,
    baby,
    beauty,
    books,
    cell_phones,
    clothing,
    electronics,
    grocery,
    health,
    home,
    lawn_and_garden,
    movies_and_tv,
    music,
    office,
    pet_supplies,
    sports,
    tools,
    toys,
    video_games,
)

_MODULES: tuple[ModuleType, ...] = (
    music, cell_phones, sports, toys, beauty, grocery, clothing, home, office, health, tools, baby, electronics,
    movies_and_tv, pet_supplies, lawn_and_garden, video_games, automotive, apps, books,
)  # fmt: skip

DEPARTMENTS: dict[str, tuple[Kind, ...]] = {
    module.kind.name: tuple(kind for kind in vars(module).values() if isinstance(kind, Kind)) for module in _MODULES
}
KINDS: dict[str, Kind] = {kind.name: kind for kinds in DEPARTMENTS.values() for kind in kinds}
