"""How many channels each convolution has, and what that costs: the full VGG-16, a narrow or a slimmed one."""

from collections.abc import Mapping

from imgrec.training.weights import BLOCKS, KERNEL, convolution_names

MOST_SLIM = 6.0
"""Beyond it the untouched block 5 is most of what is left, and the rest starves."""

_STEP = 16  # processors compute so many channels at once, and fewer take as long
_DEEPER_KEEPS = 1.5
_PARTS = 1000
_OF_FEATURES = "block4_conv3"


def channels(width: float = 1.0, slim: float = 1.0) -> dict[str, int]:
    """Output channels by convolution, in order. width: what share of all; slim: how many times fewer multiplications.

    As Y. He et al., Channel Pruning for Accelerating Very Deep Neural Networks, 2017, section 4.1, found: blocks 1 to 3
    bear more than block 4, which keeps 1.5 times their share; block 5 costs little and keeps all. So does what goes
    into it, as features are taken there.
    """
    blocks = {f"block{number}": count for number, (count, _) in enumerate(BLOCKS, start=1)}
    full = {name: max(1, round(blocks[name[: len("block1")]] * width)) for name in convolution_names()}
    if slim == 1:
        return full
    budget = multiplications(full) / slim
    shares = (part / _PARTS for part in range(_PARTS, 0, -1))
    return next((slimmed for share in shares if multiplications(slimmed := _kept(full, share)) <= budget), full)


def multiplications(outputs: Mapping[str, int], side_px: int = 224) -> int:
    """Of one photo, in all thirteen convolutions: a product for each weight and place, padding counted as well."""
    total, inputs, places = 0, 3, side_px
    for name in convolution_names():
        if name.endswith("conv1") and name != "block1_conv1":
            places //= 2
        total += KERNEL[0] * KERNEL[1] * inputs * outputs[name] * places**2
        inputs = outputs[name]
    return total


def _kept(full: Mapping[str, int], share: float) -> dict[str, int]:
    return {name: _some(count, share * _depth(name)) for name, count in full.items()}


def _depth(name: str) -> float:
    """What a convolution keeps, to those of blocks 1 to 3."""
    if name == _OF_FEATURES or name.startswith("block5"):
        return float("inf")
    return _DEEPER_KEEPS if name.startswith("block4") else 1.0


def _some(count: int, share: float) -> int:
    """So much of a number of channels, in whole steps where there are several."""
    if share >= 1:
        return count
    step = _STEP if count > _STEP else 1
    return min(count, max(step, round(count * share / step) * step))
