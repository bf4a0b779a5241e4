"""Solids and where pictures lie on them."""

import math

import pytest

pytest.importorskip("trimesh")
pytest.importorskip("manifold3d")

import numpy as np

from sample.colours import WHITE, named
from sample.materials import satin
from sample.parts import bounds, corner_normals, part, standing
from sample.shapes import (
    Mesh,
    at,
    ball,
    box,
    cylinder,
    difference,
    extrude,
    intersection,
    puff,
    rectangle,
    revolve,
    ring,
    rounded,
    scaled,
    slab,
    smooth,
    star,
    tube,
    turned,
    union,
    vessel,
)

SOLIDS = {
    "box": (box(2, 3, 4), 24),
    "rounded box": (box(2, 3, 4, 0.2), 23.5),
    "cylinder": (cylinder(2, 5), 20 * math.pi),
    "ball": (ball(2), 4 / 3 * math.pi),
    "cone": (revolve([(0, 0), (3, 0), (0, 4)]), 12 * math.pi),
    "cup": (vessel([(0, 0), (2, 0), (2, 5)], 0.5), 20 * math.pi - 1.5**2 * math.pi * 4.5),
    "sleeve": (vessel([(2, 0), (2, 5)], 0.5), (4 - 1.5**2) * math.pi * 5),
    "ring": (ring(5, 2), 2 * math.pi**2 * 5 * 0.97),  # sixteen sides to its bar
    "bar": (tube([(0, 0, 0), (0, 0, 5), (0, 0, 10)], 1, 48), 10 * math.pi),
    "star": (extrude(star(2, 1), 3), 3 * 5 * 2 * 1 * math.sin(math.pi / 5)),
    "clockwise": (extrude([(0, 0), (0, 2), (3, 2), (3, 0)], 1), 6),
    "slab": (slab(rectangle(4, 2), 0.5, 0.05), 3.98),
    "union": (union(box(2, 2, 2), at(box(2, 2, 2), x=1)), 12),
    "difference": (difference(box(2, 2, 2), at(box(1, 1, 4), z=-1)), 6),
    "intersection": (intersection(box(2, 2, 2), at(box(2, 2, 2), x=1)), 4),
    "mirrored": (scaled(box(2, 3, 4), x=-1), 24),
    "turned": (turned(box(2, 3, 4), "x", 37), 24),
}


@pytest.mark.parametrize(("mesh", "volume"), SOLIDS.values(), ids=SOLIDS)
def test_solids_are_closed_and_have_the_volume_they_should(mesh: Mesh, volume: float) -> None:
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(volume, rel=0.02)


def test_a_cushion_is_fullest_in_its_middle_and_thin_at_its_border() -> None:
    cushion = puff(rectangle(10, 8, 1), 3, 4)
    points = np.asarray(cushion.vertices)
    assert cushion.is_watertight
    assert np.ptp(points[np.hypot(points[:, 0], points[:, 2]) < 1, 1]) == pytest.approx(3, abs=0.1)
    assert np.abs(points[np.abs(points[:, 0]) > 4.9, 1]).max() < 0.3


def test_rounding_keeps_a_shape_within_its_corners() -> None:
    outline = rounded([(0, 0), (4, 0), (4, 4), (0, 4)], 1)
    assert outline.min() == pytest.approx(0, abs=0.02)
    assert outline.max() == pytest.approx(4, abs=0.02)
    assert not any(np.allclose(point, (4, 4), atol=0.2) for point in outline)


def test_a_smooth_line_goes_through_its_points() -> None:
    points = np.array([(0, 0), (3, 1), (4, 5)])
    line = smooth(points, 5)
    assert all(np.isclose(line, point).all(axis=1).any() for point in points)


def test_turning_is_counter_clockwise_seen_from_the_tip_of_the_axis() -> None:
    low, high = turned(at(box(1, 1, 1), x=5), "z", 90).bounds
    assert np.allclose((low + high) / 2, (0, 5, 0.5))


def test_a_picture_on_the_front_goes_from_left_to_right_and_upwards() -> None:
    card = part(at(box(4, 1, 2), x=7), satin(WHITE), "front")
    corners, uv = card.mesh.triangles.reshape(-1, 3), card.uv.reshape(-1, 2)
    assert np.allclose(uv, np.column_stack([(corners[:, 0] - 5) / 4, corners[:, 2] / 2]), atol=1e-6)


def test_a_picture_rolled_around_has_its_middle_in_front_and_no_torn_face() -> None:
    tin = part(cylinder(2, 5), satin(WHITE), "around")
    corners, uv = tin.mesh.triangles.reshape(-1, 3), tin.uv.reshape(-1, 2)
    in_front = (np.abs(corners[:, 0]) < 0.3) & (corners[:, 1] < -1.9)
    assert np.allclose(uv[in_front, 0], 0.5, atol=0.03)
    assert np.ptp(tin.uv[..., 0], axis=1).max() < 0.1


def test_normals_are_smooth_on_a_ball_and_sharp_on_a_box() -> None:
    globe, crate = ball(2), box(2, 2, 2)
    outwards = (globe.triangles - (0, 0, 1)).reshape(-1, 3)
    assert np.einsum("ij,ij->i", outwards, corner_normals(globe).reshape(-1, 3)).min() > 0.99
    assert np.allclose(corner_normals(crate), crate.face_normals[:, None], atol=1e-6)


def test_a_model_is_put_on_the_ground_in_the_middle() -> None:
    model = standing([part(at(box(2, 2, 2), 5, 6, 7), satin(named("red"))).at(z=3)])
    assert np.allclose(bounds(model), [(-1, -1, 0), (1, 1, 2)])
