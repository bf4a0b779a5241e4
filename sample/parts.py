"""A model is a list of parts: a mesh, its material, and where on the mesh the material's picture lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sample.materials import Material
from sample.shapes import Mesh, at, scaled, turned

Wrap = Literal["front", "top", "around", "box"]
_SMOOTHEST_EDGE_DEG = 40


@dataclass(frozen=True, eq=False)
class Part:
    """A mesh of one material. uv: (faces, 3, 2), a place in the picture for each corner; v points upwards."""

    mesh: Mesh
    material: Material
    uv: NDArray[np.float32]

    def at(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> "Part":
        """The part moved, its picture with it."""
        return Part(at(self.mesh, x, y, z), self.material, self.uv)

    def turned(self, axis: str, degrees: float) -> "Part":
        """The part turned about an axis through the origin, its picture with it."""
        return Part(turned(self.mesh, axis, degrees), self.material, self.uv)

    def scaled(self, factor: float) -> "Part":
        """The part made larger or smaller."""
        return Part(scaled(self.mesh, factor, factor, factor), self.material, self.uv)


Model = list[Part]


def part(mesh: Mesh, material: Material, wrap: Wrap = "box", tiles: tuple[float, float] = (1, 1)) -> Part:
    """A part whose picture is laid on as the mesh stands now: move and turn the part, not the mesh, afterwards.

    `wrap`: `front` projects the picture from the front over the mesh's width and height, `top` from above, `around`
    rolls it about the z axis (its middle in front), `box` puts it on each of six sides. `tiles` repeats it, from
    the middle out.
    """
    return Part(mesh, material, ((_WRAPS[wrap](mesh) - 0.5) * tiles + 0.5).astype(np.float32))


def placed(model: Sequence[Part], x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Model:
    """All parts moved."""
    return [one.at(x, y, z) for one in model]


def spun(model: Sequence[Part], axis: str, degrees: float) -> Model:
    """All parts turned about an axis through the origin."""
    return [one.turned(axis, degrees) for one in model]


def lying(model: Sequence[Part], degrees: float = 0.0) -> Model:
    """A model built upright, laid on its back, then turned about the z axis."""
    return spun(spun(model, "x", -90), "z", degrees)


def standing(model: Sequence[Part]) -> Model:
    """The model moved so that it rests on z = 0, its middle above the origin."""
    low, high = bounds(model)
    x, y = -(low + high)[:2] / 2
    return placed(model, x, y, -low[2])


def bounds(model: Sequence[Part]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lowest and highest x, y and z, (3,) each."""
    corners = np.array([one.mesh.bounds for one in model])
    return corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)


def corner_normals(mesh: Mesh) -> NDArray[np.float32]:
    """A normal for each corner of each face, (faces, 3, 3), smooth but over sharp edges."""
    corner_vertex = mesh.faces.ravel()
    order = np.argsort(corner_vertex, kind="stable")
    counts = np.bincount(corner_vertex, minlength=len(mesh.vertices))[corner_vertex[order]]
    starts = np.searchsorted(corner_vertex[order], corner_vertex[order])
    # Every pair of corners at one vertex: the first counts[i] times, the others one after another.
    first = np.repeat(np.arange(len(order)), counts)
    other = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(starts, counts)
    face, neighbour = order[first] // 3, order[other] // 3
    normals, areas = np.asarray(mesh.face_normals), np.asarray(mesh.area_faces)
    near = np.einsum("ij,ij->i", normals[face], normals[neighbour]) > np.cos(np.radians(_SMOOTHEST_EDGE_DEG))
    weighted = (normals * (areas + 1e-12)[:, None])[neighbour] * near[:, None]
    total = np.column_stack([np.bincount(order[first], weighted[:, axis], len(order)) for axis in range(3)])
    length = np.linalg.norm(total, axis=1, keepdims=True)
    total = np.where(length > 0, total / np.maximum(length, 1e-20), np.repeat(normals, 3, axis=0))
    return total.reshape(-1, 3, 3).astype(np.float32)


def _flat(mesh: Mesh, across: int, up: int) -> NDArray[np.float64]:
    low, high = mesh.bounds
    share: NDArray[np.float64] = (mesh.triangles - low) / np.maximum(high - low, 1e-9)
    return share[..., (across, up)]


def _around(mesh: Mesh) -> NDArray[np.float64]:
    corners, (low, high) = mesh.triangles, mesh.bounds
    u = np.arctan2(corners[..., 0], -corners[..., 1]) / (2 * np.pi) + 0.5
    u += (u.max(axis=1, keepdims=True) - u > 0.5).astype(float)  # faces over the seam at the back
    on_axis = np.hypot(corners[..., 0], corners[..., 1]) < 1e-3
    others = np.where(on_axis, 0, u).sum(axis=1, keepdims=True) / np.maximum((~on_axis).sum(axis=1, keepdims=True), 1)
    u = np.where(on_axis, others, u)
    return np.stack([u, (corners[..., 2] - low[2]) / max(high[2] - low[2], 1e-9)], -1)


def _box(mesh: Mesh) -> NDArray[np.float64]:
    facing, every = np.abs(mesh.face_normals).argmax(axis=1), np.arange(len(mesh.faces))
    sides = np.stack([_flat(mesh, 1, 2), _flat(mesh, 0, 2), _flat(mesh, 0, 1)])
    chosen: NDArray[np.float64] = sides[facing, every]
    mirrored = mesh.face_normals[every, facing] * np.array([-1, 1, -1])[facing] > 0  # left, back and bottom
    chosen[mirrored, :, 0] = 1 - chosen[mirrored, :, 0]
    return chosen


_WRAPS = {
    "front": lambda mesh: _flat(mesh, 0, 2),
    "top": lambda mesh: _flat(mesh, 0, 1),
    "around": _around,
    "box": _box,
}
