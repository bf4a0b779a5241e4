"""Kinds and designs of the sample shop: what is drawn, and what is built of it."""

import inspect

import pytest

pytest.importorskip("trimesh")
pytest.importorskip("manifold3d")

import numpy as np

from sample.design import Kind
from sample.kinds import DEPARTMENTS, KINDS
from sample.parts import bounds

KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)


@KIND
def test_a_builder_takes_what_varies_and_nothing_else(kind: Kind) -> None:
    assert set(inspect.signature(kind.builder).parameters) - {"brand"} <= set(kind.varies)


@KIND
def test_a_design_is_the_same_whenever_it_is_drawn(kind: Kind) -> None:
    design = kind.draw("a", 1)
    assert design == kind.draw("a", 1)
    assert design.digest == kind.draw("a", 1).digest != kind.draw("a", 2).digest
    assert design.title == " ".join(design.title.split())
    assert "{" not in design.title


@KIND
def test_a_kind_builds_solids_that_stand_on_the_ground_in_the_size_that_is_promised(kind: Kind) -> None:
    design = kind.draw("model", 1)
    model = kind.build(design)
    low, high = bounds(model)
    promised = design.values.get("height")
    assert not isinstance(promised, float) or 0.9 * promised < high[2] < 1.6 * promised  # caps and handles come on top
    assert np.allclose(low + high, [0, 0, high[2]], atol=1e-6)
    assert low[2] == pytest.approx(0, abs=1e-6)
    assert 1 < max(high - low) < 250  # centimetres
    for one in model:
        assert one.mesh.is_watertight
        assert np.isfinite(one.mesh.vertices).all()
        assert np.isfinite(one.uv).all()
        assert one.uv.shape == (len(one.mesh.faces), 3, 2)
    assert sum(len(one.mesh.faces) for one in model) < 60_000


@KIND
def test_products_of_one_kind_are_clearly_apart(kind: Kind) -> None:
    designs = kind.spread(8, "apart")
    assert min(a.apart(b) for place, a in enumerate(designs) for b in designs[:place]) > 0.3


def test_a_kinds_name_is_its_own() -> None:
    names = [kind.name for kinds in DEPARTMENTS.values() for kind in kinds]
    assert len(names) == len(set(names))
    assert all(kind.department == name for name, kinds in DEPARTMENTS.items() for kind in kinds)
