"""From a feed to a shop that answers: the steps of `imgrec open`, which other commands take singly."""

from imgrec.config import Config
from imgrec.progress import Reporter
from imgrec.search.build import IndexReport, build_index
from imgrec.vision.eye import Eye
from imgrec.vision.model_folder import open_model


def build(config: Config, report: Reporter, rebuild: bool = False) -> IndexReport:
    """Bring the index up to date with the catalogue and the model that model.path names."""
    return build_index(config, Eye(open_model(config.model.path), config.model.arithmetic), rebuild, report)
