"""Rays into pixels: a model and a shot handed to Mitsuba 3 (its scalar variant, unless another is set before)."""

import math
from typing import Any

import drjit
import mitsuba as mi
import numpy as np
from numpy.typing import NDArray

from sample.colours import Colour
from sample.denoising import denoised
from sample.materials import Material
from sample.parts import Model, Part, bounds, corner_normals, part
from sample.scene import Camera, Lamp, Shot
from sample.shapes import Mesh, turned

if mi.variant() is None:
    mi.set_variant("scalar_rgb")  # needs no GPU and no LLVM
_LAMP_DISTANCE = 6.0
_LIGHT_BOUNCES, _DRAFT_BOUNCES = 4, 3
_FEATURE_SAMPLES = 16
_FAR = 26.0
_NEAREST = 4.0  # from the product, that a camera sees: lamps are farther, things around are nearer
Vector = NDArray[np.float64]


class Photographer:
    """Photographs one model; its meshes are handed over once, however many photos are taken."""

    def __init__(self, model: Model, threads: int = 1) -> None:
        drjit.set_thread_count(threads)
        low, high = bounds(model)
        points = np.vstack([one.mesh.vertices for one in model])
        self._scale = 1 / max(float(np.linalg.norm(points - (low + high) / 2, axis=1).max()), 1e-6)
        self._points = points * self._scale
        self._middle = (low + high) / 2 * self._scale
        scaled = [one.scaled(self._scale) for one in model]
        self._shapes = {f"part{number}": _mesh(one) for number, one in enumerate(scaled)}
        self._glass = {f"part{number}" for number, one in enumerate(scaled) if one.material.opacity < 1}

    def photo(self, shot: Shot, side_px: int, samples: int, seed: int, *, draft: bool = False) -> NDArray[np.float32]:
        """What reaches the film: linear RGB, float32 (side_px, side_px, 3), 1 being white paper in full light.

        The same arguments give the same bytes. A draft is sooner there: its noise stays, and light bounces once less.
        """
        turn = math.radians(shot.camera.turn_deg)
        foot = np.array([self._middle[0], self._middle[1], 0.0])
        scene: dict[str, Any] = {
            "type": "scene",
            "sensor": self._sensor(shot.camera, side_px),
            "sky": {"type": "constant", "radiance": {"type": "rgb", "value": list(shot.ambient)}},
            **self._shapes,
        }
        for number, lamp in enumerate(shot.lamps):
            scene[f"lamp{number}"] = _lamp(lamp, foot, turn)
        scene |= _surroundings(shot)
        for number, thing in enumerate(shot.around):
            scene[f"thing{number}"] = _mesh(thing.at(*foot))
        paths = "volpath" if self._glass else "path"  # only the former lights what is behind glass
        light = _rendered(
            scene, {"type": paths, "max_depth": _DRAFT_BOUNCES if draft else _LIGHT_BOUNCES}, samples, seed
        )
        if draft:
            return light[..., :3]
        solid = {name: thing for name, thing in scene.items() if name not in self._glass}
        fine = min(samples, _FEATURE_SAMPLES)  # as many as light paths while these are few: the edges are the same then
        seen = _rendered(solid, {"type": "aov", "aovs": "albedo:albedo,normal:sh_normal"}, fine, seed)
        return denoised(light[..., :3], seen[..., -6:-3], seen[..., -3:])

    def _sensor(self, camera: Camera, side_px: int) -> dict[str, Any]:
        eye, target, up = _framed(camera, self._points, self._middle)
        near = max(0.05, float(np.linalg.norm(eye - target)) - _NEAREST)  # a lamp before the camera hides nothing
        return {
            "type": "perspective", "fov": camera.view_deg, "near_clip": near, "far_clip": 200.0,
            "to_world": mi.ScalarTransform4f().look_at(eye.tolist(), target.tolist(), up.tolist()),
            "film": {"type": "hdrfilm", "width": side_px, "height": side_px, "pixel_format": "rgb",
                     "rfilter": {"type": "box"}},  # others add blocks up in an order that depends on the threads
            "sampler": {"type": "multijitter"},
        }  # fmt: skip


def _rendered(scene: dict[str, Any], integrator: dict[str, Any], samples: int, seed: int) -> NDArray[np.float32]:
    picture = mi.render(mi.load_dict(scene), integrator=mi.load_dict(integrator), spp=samples, seed=seed)
    return np.asarray(picture, np.float32)


def _framed(camera: Camera, points: Vector, middle: Vector) -> tuple[Vector, Vector, Vector]:
    """Where the camera is, what it looks at, and which way is up, so that all points fill its frame as wanted."""
    turn, above, roll = (math.radians(a) for a in (camera.turn_deg, camera.above_deg, camera.roll_deg))
    back = np.array([math.sin(turn) * math.cos(above), -math.cos(turn) * math.cos(above), math.sin(above)])
    right = np.array([math.cos(turn), math.sin(turn), 0.0])
    up = np.cross(back, right)
    right, up = right * math.cos(roll) + up * math.sin(roll), up * math.cos(roll) - right * math.sin(roll)
    reach = math.tan(math.radians(camera.view_deg / 2))
    target, distance = middle.copy(), 1 / math.sin(math.radians(camera.view_deg / 2))
    for _ in range(6):  # the frame of a perspective view has no closed form; this settles at once
        offset = points - target
        depth = distance - offset @ back
        across, along = offset @ right / depth, offset @ up / depth
        size = max(np.ptp(across), np.ptp(along)) / (2 * reach)
        target = target + distance * ((across.max() + across.min()) / 2 * right + (along.max() + along.min()) / 2 * up)
        distance *= size / camera.fill
    target = target - 2 * distance * reach * (camera.shift[0] * right + camera.shift[1] * up)
    eye = target + back * distance
    eye[2] = max(eye[2], 0.02)
    return eye, target, up


def _lamp(lamp: Lamp, foot: Vector, camera_turn: float) -> dict[str, Any]:
    turn, above = camera_turn + math.radians(lamp.turn_deg), math.radians(lamp.above_deg)
    away = np.array([math.sin(turn) * math.cos(above), -math.cos(turn) * math.cos(above), math.sin(above)])
    place = foot + away * _LAMP_DISTANCE
    # So that white paper facing the lamp sends back `strength`, whatever the lamp's size.
    radiance = lamp.strength * math.pi * _LAMP_DISTANCE**2 / (lamp.side * 2) ** 2
    return {
        "type": "rectangle",
        "to_world": mi.ScalarTransform4f().look_at(place.tolist(), [*foot[:2].tolist(), 0.5], [0, 0, 1])
        @ mi.ScalarTransform4f().scale(lamp.side),
        "emitter": {"type": "area", "radiance": {"type": "rgb", "value": [radiance * c for c in lamp.colour]}},
    }  # fmt: skip


def _surroundings(shot: Shot) -> dict[str, Any]:
    """Ground and wall, as seen by a camera in front."""
    turn = mi.ScalarTransform4f().rotate([0, 0, 1], shot.camera.turn_deg)
    if shot.wall is None:
        return {"ground": _strip(shot.ground, shot.camera.turn_deg)}
    ground = mi.ScalarTransform4f().rotate([0, 0, 1], shot.ground_turn_deg).scale(_FAR)
    wall = turn.translate([0, shot.wall_distance, 0]).rotate([0, 0, 1], shot.wall_turn_deg).rotate([1, 0, 0], 90)
    tiles = 2 * _FAR / shot.ground_size
    return {
        "ground": {"type": "rectangle", "to_world": ground, "bsdf": _bsdf(shot.ground, tiles)},
        "wall": {"type": "rectangle", "to_world": wall.scale(_FAR), "bsdf": _bsdf(shot.wall, tiles * 0.6)},
    }


def _strip(material: Material, turn_deg: float) -> mi.Mesh:
    """A roll of backdrop paper, hung behind and bent forward under the product."""
    bend = [(4 + 4 * math.sin(a), 4 - 4 * math.cos(a)) for a in np.linspace(0, math.pi / 2, 14)]
    profile = np.array([(-_FAR, 0.0), *bend, (8.0, _FAR)])
    rows = np.array([[(x, y, z) for x in (-_FAR, _FAR)] for y, z in profile])
    low, high = rows[:-1], rows[1:]
    quads = np.concatenate(
        [np.stack([low[:, 0], low[:, 1], high[:, 1]], 1), np.stack([low[:, 0], high[:, 1], high[:, 0]], 1)]
    )
    sheet = Mesh(quads.reshape(-1, 3), np.arange(len(quads) * 3).reshape(-1, 3), process=True)
    return _mesh(part(turned(sheet, "z", turn_deg), material))


def _mesh(one: Part) -> mi.Mesh:
    """A part as Mitsuba takes it, every face with corners of its own."""
    corners = np.asarray(one.mesh.triangles, np.float32).reshape(-1, 3)
    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(_bsdf(one.material))
    mesh = mi.Mesh("part", len(corners), len(corners) // 3, properties, True, True)
    parameters = mi.traverse(mesh)
    parameters["faces"] = np.arange(len(corners), dtype=np.uint32)
    parameters["vertex_positions"] = corners.ravel()
    parameters["vertex_normals"] = corner_normals(one.mesh).ravel()
    parameters["vertex_texcoords"] = one.uv.reshape(-1, 2).ravel()
    parameters.update()
    return mesh


def _bsdf(material: Material, tiles: float = 1.0) -> dict[str, Any]:
    surface = {
        "type": "principled", "base_color": _paint(material, tiles), "roughness": material.roughness,
        "metallic": material.metallic, "specular": material.specular,
    }  # fmt: skip
    if material.clearcoat:
        surface |= {"clearcoat": material.clearcoat, "clearcoat_gloss": 0.92}
    if material.sheen:
        surface |= {"sheen": material.sheen}
    both_sides = {"type": "twosided", "material": surface}
    return {"type": "mask", "opacity": material.opacity, "skin": both_sides} if material.opacity < 1 else both_sides


def _paint(material: Material, tiles: float) -> dict[str, Any]:
    if isinstance(material.paint, Colour):
        return {"type": "rgb", "value": list(material.paint.linear())}
    picture = mi.Bitmap(np.array(material.paint.convert("RGB"))[::-1])
    return {"type": "bitmap", "bitmap": picture, "to_uv": mi.ScalarTransform4f().scale([tiles, tiles, 1])}
