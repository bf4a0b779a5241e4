"""A small vocabulary of solids, in centimetres.

x goes to the right, y away from the viewer (a product's front faces -y), z up. Solids stand on z = 0 with their axis at
x = y = 0 unless they say otherwise. Outlines are closed polygons, (n, 2).
"""

import math
from collections.abc import Callable, Sequence

import manifold3d as m3
import numpy as np
import trimesh
from numpy.typing import ArrayLike, NDArray

Mesh = trimesh.Trimesh
Points = NDArray[np.float64]


# Lines and outlines


def smooth(points: ArrayLike, steps: int = 6, closed: bool = False) -> Points:
    """A curve through the points (Catmull and Rom's spline), (n, 2) or (n, 3), `steps` points a stretch."""
    p = np.asarray(points, np.float64)
    p = np.vstack([p[-1], p, p[0], p[1]]) if closed else np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    a, b, c, d = p[:-3, None], p[1:-2, None], p[2:-1, None], p[3:, None]
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    curve = curve.reshape(-1, p.shape[1])
    return curve if closed else np.vstack([curve, p[-2]])


def rectangle(width: float, height: float, corner: float = 0.0) -> Points:
    """An outline around the origin, with rounded corners."""
    x, y = width / 2, height / 2
    return rounded([(-x, -y), (x, -y), (x, y), (-x, y)], min(corner, 0.99 * x, 0.99 * y))


def ellipse(width: float, height: float, points: int = 48) -> Points:
    """An outline around the origin."""
    return superellipse(width, height, 2.0, points)


def superellipse(width: float, height: float, power: float = 4.0, points: int = 48) -> Points:
    """An outline around the origin: an ellipse (power 2), squarer the higher the power."""
    angle = np.linspace(0, 2 * math.pi, points, endpoint=False)
    x, y = np.cos(angle), np.sin(angle)
    return np.column_stack([
        width / 2 * np.sign(x) * np.abs(x) ** (2 / power), height / 2 * np.sign(y) * np.abs(y) ** (2 / power)
    ])  # fmt: skip


def star(outer: float, inner: float, tips: int = 5) -> Points:
    """An outline around the origin, one tip upwards. With many tips and close radii: a knurled or fluted rim."""
    angle = math.pi / 2 + np.arange(2 * tips) * math.pi / tips
    radius = np.where(np.arange(2 * tips) % 2, inner, outer)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def rounded(outline: ArrayLike, radius: float) -> Points:
    """The outline with corners rounded, those that point in as well."""
    if radius <= 0:
        return np.asarray(outline, np.float64)
    around = m3.JoinType.Round
    section = m3.CrossSection([_outline(outline)])
    for by in (-radius, 2 * radius, -radius):
        section = section.offset(by, around, 2.0, 32)
    return _largest(section)


def joined_outlines(*outlines: ArrayLike) -> Points:
    """The outline of what the outlines cover together."""
    sections = [m3.CrossSection([_outline(outline)]) for outline in outlines]
    return _largest(m3.CrossSection.batch_boolean(sections, m3.OpType.Add))


def moved(outline: ArrayLike, x: float, y: float) -> Points:
    """The outline moved."""
    p: Points = np.asarray(outline, np.float64) + np.array([x, y])
    return p


def _outline(points: ArrayLike) -> Points:
    """The outline counter-clockwise."""
    p = np.asarray(points, np.float64)
    return p if _area(p) > 0 else p[::-1]


def _area(p: Points) -> float:
    """The area within an outline, negative for a clockwise one."""
    return float(np.sum(p[:, 0] * np.roll(p[:, 1], -1) - p[:, 1] * np.roll(p[:, 0], -1))) / 2


def _largest(section: m3.CrossSection) -> Points:
    return max((np.asarray(polygon, np.float64) for polygon in section.simplify(1e-3).to_polygons()), key=_area)


# Solids


def revolve(profile: ArrayLike, sections: int = 48, squash: float = 1.0) -> Mesh:
    """A solid turned on a lathe; `squash` scales its depth (y).

    profile: (n, 2) of radius and height, along the surface from the bottom's centre (or rim) to the top's.
    """
    p = np.asarray(profile, np.float64)
    angle = np.linspace(0, 2 * math.pi, sections, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle) * squash])
    return loft([np.column_stack([circle * max(r, 1e-4), np.full(sections, z)]) for r, z in p])


def vessel(profile: ArrayLike, wall: float, sections: int = 48, squash: float = 1.0) -> Mesh:
    """A solid turned on a lathe and hollowed from above, down to `wall` from its outside: a cup, a pot, a jar.

    profile: (n, 2) of radius and height, from the bottom's centre to the rim; one that starts at a rim is open below.
    """
    p = np.asarray(profile, np.float64)
    floor = wall if p[0, 0] < wall else -math.inf
    inner = np.column_stack([np.maximum(p[:, 0] - wall, 0), np.maximum(p[:, 1], p[0, 1] + floor)])[::-1]
    if p[0, 0] < wall:
        return revolve(np.vstack([p, inner]), sections, squash)
    return hoop(np.vstack([p, inner]), sections, squash)


def hoop(profile: ArrayLike, sections: int = 64, squash: float = 1.0) -> Mesh:
    """A closed profile away from the axis, turned on a lathe: a ring of any section, a tyre, a strap.

    profile: (n, 2) of radius and height; the outer side goes up.
    """
    p = np.asarray(profile, np.float64)
    angle = np.linspace(0, 2 * math.pi, sections, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle) * squash])
    return loft([np.column_stack([circle * r, np.full(sections, z)]) for r, z in p], closed=True)


def loft(rings: Sequence[ArrayLike], closed: bool = False) -> Mesh:
    """A skin over rings of equally many points, each (n, 3) counter-clockwise seen from the last ring.

    Its ends are closed, or the last ring is joined to the first when `closed`. Rings are closed as stars around their
    middle: use `extrude` for outlines that are not.
    """
    stack = np.asarray(rings, np.float64)
    n, k = stack.shape[:2]
    index = np.arange(n * k).reshape(n, k)
    lower, upper = (index, np.roll(index, -1, axis=0)) if closed else (index[:-1], index[1:])
    faces = _sides(lower, upper)
    vertices = stack.reshape(-1, 3)
    if not closed:
        ends = np.vstack([stack[0].mean(axis=0), stack[-1].mean(axis=0)])
        bottom, top = np.full(k, n * k), np.full(k, n * k + 1)
        faces += [np.column_stack([bottom, np.roll(index[0], -1), index[0]]),
                  np.column_stack([top, index[-1], np.roll(index[-1], -1)])]  # fmt: skip
        vertices = np.vstack([vertices, ends])
    return _clean(vertices, np.vstack(faces))


def tube(
    path: ArrayLike, radius: float | ArrayLike, sections: int = 16, closed: bool = False, squash: float = 1.0
) -> Mesh:
    """A round bar along a path, (n, 3); `radius` may be one a point. `squash` flattens it (a strap, a ribbon)."""
    p = np.asarray(path, np.float64)
    along = np.roll(p, -1, axis=0) - np.roll(p, 1, axis=0) if closed else np.gradient(p, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-12
    radii = np.broadcast_to(np.asarray(radius, np.float64), len(p))
    side = np.cross(along[0], (0, 0, 1) if abs(along[0, 2]) < 0.9 else (1, 0, 0))
    angle = np.linspace(0, 2 * math.pi, sections, endpoint=False)
    rings = []
    for point, direction, r in zip(p, along, radii, strict=True):
        side = side - direction * (side @ direction)  # carried along without a twist
        side /= np.linalg.norm(side)
        up = np.cross(direction, side)
        rings.append(point + r * (np.outer(np.cos(angle), side) + np.outer(np.sin(angle) * squash, up)))
    return loft(rings, closed)


def extrude(outline: ArrayLike, height: float, bevel: float = 0.0, taper: float = 1.0) -> Mesh:
    """An outline in x and y, raised to `height`; its edges rounded by `bevel`, its top scaled by `taper`."""
    p = _outline(outline)
    levels = [(0.0, 0.0), (height, 0.0)]
    if bevel > 0:
        quarter = np.linspace(0, math.pi / 2, 4)
        lower = [(bevel * (1 - math.sin(a)), bevel * (1 - math.cos(a))) for a in quarter]  # inset, height
        levels = [(z, inset) for inset, z in lower] + [(height - z, inset) for inset, z in reversed(lower)]
    inward = _inward(p)
    rings = []
    for z, inset in levels:
        rings.append(np.column_stack([(p + inward * inset) * (1 + (taper - 1) * z / height), np.full(len(p), z)]))
    k, stack = len(p), np.asarray(rings)
    index = np.arange(stack.shape[0] * k).reshape(-1, k)
    cap = np.asarray(m3.triangulate([p]), np.int64)
    faces = [*_sides(index[:-1], index[1:]), index[0][cap[:, ::-1]], index[-1][cap]]
    return _clean(stack.reshape(-1, 3), np.vstack(faces))


def slab(outline: ArrayLike, thickness: float, bevel: float = 0.0) -> Mesh:
    """An outline in x and z, standing, `thickness` deep around y = 0. Its front faces the viewer."""
    return turned(at(extrude(outline, thickness, bevel), z=-thickness / 2), "x", 90)


def box(width: float, depth: float, height: float, corner: float = 0.0) -> Mesh:
    """A box with all edges rounded by `corner`."""
    if corner <= 0:
        return at(trimesh.creation.box((width, depth, height)), z=height / 2)
    corner = min(corner, 0.49 * min(width, depth, height))
    sphere = at(ball(2 * corner, sections=12), z=-corner).vertices
    inner = np.array([width, depth, height]) / 2 - corner
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * inner
    return at(_convex((corners[:, None] + sphere).reshape(-1, 3)), z=height / 2)


def cylinder(radius: float, height: float, bevel: float = 0.0, sections: int = 48) -> Mesh:
    """An upright cylinder with its rims rounded by `bevel`."""
    a = np.linspace(0, math.pi / 2, 4)
    lower = np.column_stack([radius - bevel + bevel * np.sin(a), bevel - bevel * np.cos(a)])
    upper = np.column_stack([lower[::-1, 0], height - lower[::-1, 1]])
    return revolve(np.vstack([lower, upper]) if bevel else [(radius, 0), (radius, height)], sections)


def ball(width: float, depth: float | None = None, height: float | None = None, sections: int = 40) -> Mesh:
    """An ellipsoid; a sphere when only its width is given."""
    depth, height = depth or width, height or width
    a = np.linspace(-math.pi / 2, math.pi / 2, sections // 2 + 1)
    return revolve(np.column_stack([np.cos(a) * width / 2, (np.sin(a) + 1) * height / 2]), sections, depth / width)


def ring(radius: float, thickness: float, sections: int = 48) -> Mesh:
    """A torus lying flat; `radius` is that of its middle line, `thickness` its bar's diameter."""
    angle = np.linspace(0, 2 * math.pi, sections, endpoint=False)
    path = np.column_stack([radius * np.cos(angle), radius * np.sin(angle), np.full(sections, thickness / 2)])
    return tube(path, thickness / 2, closed=True)


def puff(outline: ArrayLike, thickness: float, edge: float, grain: float | None = None, rim: float = 0.04) -> Mesh:
    """A standing outline (x and z) filled like a cushion: full at `edge` from its border, `rim` thick at it."""
    p = _outline(outline)
    size = float(np.ptp(p, axis=0).max())
    flat = m3.Manifold.extrude(m3.CrossSection([p]), 2.0).refine_to_length(grain or size / 28)

    def swell(points: Points) -> Points:
        share = np.clip(_distance_inside(points[:, :2], p) / edge, 0, 1)
        half = (rim + (thickness - rim) * np.sqrt(1 - (1 - share) ** 2)) / 2
        return np.column_stack([points[:, :2], (points[:, 2] - 1) * half])

    return turned(_from_manifold(flat.warp_batch(swell)), "x", 90)


def hull(*meshes: Mesh) -> Mesh:
    """The smallest convex solid around the meshes."""
    return _convex(np.vstack([mesh.vertices for mesh in meshes]))


def union(*meshes: Mesh) -> Mesh:
    """All of them as one solid."""
    return _from_manifold(m3.Manifold.batch_boolean([_manifold(mesh) for mesh in meshes], m3.OpType.Add))


def difference(mesh: Mesh, *others: Mesh) -> Mesh:
    """The first without what the others cover."""
    return _from_manifold(m3.Manifold.batch_boolean([_manifold(m) for m in (mesh, *others)], m3.OpType.Subtract))


def intersection(*meshes: Mesh) -> Mesh:
    """What all of them cover."""
    return _from_manifold(m3.Manifold.batch_boolean([_manifold(mesh) for mesh in meshes], m3.OpType.Intersect))


# Placing and bending


def at(mesh: Mesh, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Mesh:
    """The mesh moved."""
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return _placed(mesh, matrix)


def turned(mesh: Mesh, axis: str, degrees: float) -> Mesh:
    """The mesh turned about an axis through the origin, counter-clockwise seen from the axis' tip."""
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix, angle = np.eye(4), math.radians(degrees)
    matrix[first, first] = matrix[second, second] = math.cos(angle)
    matrix[first, second], matrix[second, first] = -math.sin(angle), math.sin(angle)
    return _placed(mesh, matrix)


def scaled(mesh: Mesh, x: float = 1.0, y: float = 1.0, z: float = 1.0) -> Mesh:
    """The mesh stretched along the axes (mirrored by a negative factor)."""
    return _placed(mesh, np.diag([x, y, z, 1.0]))


def bent(mesh: Mesh, shape: Callable[[Points], Points]) -> Mesh:
    """The mesh with every vertex moved by a function of all of them, (n, 3) to (n, 3)."""
    return Mesh(shape(np.array(mesh.vertices)), mesh.faces, process=False)


def copies_around(mesh: Mesh, count: int) -> list[Mesh]:
    """The mesh `count` times, evenly around the z axis."""
    return [turned(mesh, "z", 360 * number / count) for number in range(count)]


def together(*meshes: Mesh) -> Mesh:
    """Several meshes as one, overlapping as they are: cheaper than a union where insides are never seen."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)]
    return Mesh(np.vstack([mesh.vertices for mesh in meshes]), np.vstack(faces), process=False)


def arc(radius: float, start_deg: float, end_deg: float, points: int = 16) -> Points:
    """Points on a circle around the origin, (n, 2)."""
    angle = np.radians(np.linspace(start_deg, end_deg, points))
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _placed(mesh: Mesh, matrix: NDArray[np.float64]) -> Mesh:
    vertices = np.asarray(mesh.vertices) @ matrix[:3, :3].T + matrix[:3, 3]
    mirrored = np.linalg.det(matrix[:3, :3]) < 0
    return Mesh(vertices, mesh.faces[:, ::-1] if mirrored else mesh.faces, process=False)


def _sides(lower: NDArray[np.int64], upper: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The skin between rings and those above them, (rings, points): two triangles, (n, 3), for each pair of points."""
    lower_next, upper_next = np.roll(lower, -1, axis=1), np.roll(upper, -1, axis=1)
    sides = [np.stack([lower, lower_next, upper_next], -1), np.stack([lower, upper_next, upper], -1)]
    return [side.reshape(-1, 3) for side in sides]


def _convex(points: Points) -> Mesh:
    solid: Mesh = trimesh.convex.convex_hull(points)
    return solid


def _clean(vertices: Points, faces: NDArray[np.int64]) -> Mesh:
    mesh = Mesh(vertices, faces, process=True)
    mesh.update_faces(mesh.nondegenerate_faces(height=1e-9))
    mesh.remove_unreferenced_vertices()
    return mesh


def _inward(outline: Points) -> Points:
    """For each corner the move that sets both its edges in by 1; (n, 2). Sharp corners move at most 3."""
    edge = np.roll(outline, -1, axis=0) - outline
    edge /= np.linalg.norm(edge, axis=1, keepdims=True) + 1e-12
    normal = np.column_stack([-edge[:, 1], edge[:, 0]])
    before = np.roll(normal, 1, axis=0)
    both: Points = (normal + before) / np.maximum(1 + np.sum(normal * before, axis=1, keepdims=True), 0.25)
    return both


def _distance_inside(points: Points, outline: Points) -> NDArray[np.float64]:
    """How far each of (n, 2) points is from the outline; (n,)."""
    start, edge = outline[None], (np.roll(outline, -1, axis=0) - outline)[None]
    along = np.sum((points[:, None] - start) * edge, -1) / (np.sum(edge**2, -1) + 1e-12)
    nearest = start + np.clip(along, 0, 1)[..., None] * edge
    apart: Points = np.linalg.norm(points[:, None] - nearest, axis=-1)
    least: Points = apart.min(axis=1)
    return least


def _manifold(mesh: Mesh) -> m3.Manifold:
    solid = m3.Manifold(m3.Mesh(np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.uint32)))
    if solid.status() != m3.Error.NoError:
        raise ValueError(f"not a solid: {solid.status()}")
    return solid


def _from_manifold(solid: m3.Manifold) -> Mesh:
    mesh = solid.to_mesh()
    return _clean(np.asarray(mesh.vert_properties[:, :3], np.float64), np.asarray(mesh.tri_verts, np.int64))
