"""Everything a training run depends on besides the catalogue; stored with the run and with the model."""

from itertools import accumulate
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from imgrec.training.channels import MOST_SLIM
from imgrec.vision.preprocessing import LEAST_SIDE_PX, MOST_SIDE_PX, Preprocessing

FeatureLayer = Literal[
    "auto", "block3", "block4", "block5", "block4+block5", "fc2", "embedding", "block3+embedding", "block4+embedding"
]  # fmt: skip
Pooling = Literal["auto", "average", "gem"]
Wanted = Literal["kind", "group"]
TrainFrom = Literal["block1", "block2", "block3", "block4", "block5", "top"]

_SIDE_STEP_PX = 16


class Stage(BaseModel):
    """A part of a run: small photos teach the coarse shapes cheaply, and pretrained layers thaw from the top."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(gt=0, le=1, description="Of the run's epochs.")
    scale: float = Field(1.0, gt=0, le=1, description="Of side_px.")
    train_from: TrainFrom = Field("block1", description="The lowest part that learns; only with pretrained weights.")


class TrainingSettings(BaseModel):
    """One training run. `auto` values depend on whether the weights are pretrained: see the properties."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: str = Field(
        "imagenet",
        description="Start from imagenet (downloaded), none (from scratch), or an .h5 file of the same layout.",
    )
    start_from: str | None = Field(
        None,
        description="Go on from a finished run's NAME.weights.h5, which lies beside its model; the network is to be "
        "the same, what an embedding tells apart may be new.",
    )
    epochs: int | None = Field(
        None, ge=1, description="Passes over the training photos.  [default: 12 fine-tuning, 30 from scratch]"
    )
    batch_size: int = Field(64, ge=1, description="Photos in a step.")
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd"] = Field(
        "adamw", description="sgd has Nesterov momentum of 0.9."
    )
    learning_rate: float | None = Field(
        None, gt=0, description="Peak rate.  [default: 1e-4 fine-tuning, 1e-3 from scratch; sgd: 50 times that]"
    )
    schedule: Literal["cosine", "constant"] = Field("cosine", description="How the rate goes on after the warm-up.")
    warm_up_epochs: float = Field(1.0, ge=0, description="Epochs in which the rate rises to its peak.")
    weight_decay: float = Field(0.0, ge=0, description="Decoupled, of kernels alone.")
    ema: float = Field(
        0.0, ge=0, lt=1, description="Keep a moving average of the weights with this momentum a step.  0: do not."
    )
    patience: int = Field(0, ge=0, description="Stop after so many epochs without a better validation.  0: never.")
    side_px: int = Field(128, ge=LEAST_SIDE_PX, le=MOST_SIDE_PX, description="Side of the network's input in pixels.")
    fit: Literal["pad", "crop", "stretch"] = Field("pad", description="How a photo becomes a square.")
    stages: tuple[Stage, ...] = Field((), description="Parts of the run, their shares summing to 1.")
    views: int | None = Field(
        None,
        ge=0,
        le=1000,
        description="Views of each photo that blocks which never learn look at once, for all epochs; 0: they look at "
        "every step.  [default: 4, as far as --views-gb goes; 0 with a GPU or AMX]",
    )
    views_gb: float = Field(8.0, gt=0, description="Gigabytes the views may take on the disk, until the run is done.")
    top: Literal["average", "gem", "dense"] = Field(
        "average",
        description="average: global average pooling; gem: generalised means of what the last block takes and makes, "
        "each brought to length 1, as a search compares; dense: VGG-16's two layers of 4,096.",
    )
    normalisation: Literal["auto", "none", "batch"] = Field(
        "auto", description="After each convolution. auto: batch from scratch, else none."
    )
    augmentation: Literal["none", "standard", "strong"] = Field(
        "standard", description="standard: mirrored, cropped, lit differently. strong: more of it, turned, erased."
    )
    mixing: float = Field(0.0, ge=0, le=1, description="Share of batches whose photos are mixed (mixup and CutMix).")
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="Share of the target spread over all categories.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Share of features dropped before dense layers.")
    metric: Literal["none", "category", "kind", "group"] = Field(
        "none",
        description="Also teach an embedding to tell these apart (cosine softmax). group: what has several photos, "
        "and of all else the kinds.",
    )
    metric_weight: float = Field(0.5, gt=0, description="Weight of the embedding's loss beside the categories'.")
    embedding_dim: int = Field(128, ge=8, description="Dimensions of the embedding.")
    feature_layer: FeatureLayer = Field(
        "auto",
        description="Where the feature is taken. auto: where it finds most of the same kind (with --metric group: of "
        "the same group) on validation.",
    )
    pooling: Pooling = Field("auto", description="How a block's positions become one feature; auto as above.")
    mirrored: bool = Field(
        False,
        description="Whether the model also looks at each photo's mirror image and averages the two; it finds more and "
        "takes twice the time.",
    )
    width: float = Field(1.0, gt=0, le=1, description="Share of VGG-16's channels; less than 1 is for trying things.")
    slim: float = Field(
        1.0,
        ge=1,
        le=MOST_SLIM,
        description="So many times fewer multiplications: before it learns, the network loses the channels that it can "
        "best do without, and what is left is fitted to what the full one sees.",
    )
    dtype: Literal["auto", "float32", "mixed_bfloat16"] = Field(
        "auto", description="auto: mixed_bfloat16 where it is faster, else float32."
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Of initialisation, splits, order and augmentation.")

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        if self.stages and abs(sum(stage.share for stage in self.stages) - 1) > 1e-3:
            raise ValueError(f"the shares of the stages sum to {sum(s.share for s in self.stages):g}; they must to 1")
        if self.top == "dense" and any(stage.scale != 1 for stage in self.stages):
            raise ValueError("the dense top takes photos of one size; stages with another scale need --top average")
        if self.feature_layer == "fc2" and self.top != "dense":
            raise ValueError("the feature layer fc2 exists with --top dense only")
        if "embedding" in self.feature_layer and self.metric == "none":
            raise ValueError(f"the feature layer {self.feature_layer} exists with --metric only")
        if self.slim > 1 and (self.from_scratch or self.batch_norm):
            raise ValueError("there is nothing to slim from scratch; --slim wants pretrained weights, or --width fewer")
        return self

    @property
    def from_scratch(self) -> bool:
        """Whether no pretrained weights are loaded."""
        return self.weights == "none"

    @property
    def weights_file(self) -> Path | None:
        """The .h5 file to start from, when one is named."""
        return None if self.weights in {"none", "imagenet"} else Path(self.weights)

    @property
    def batch_norm(self) -> bool:
        """From scratch, a network this deep hardly learns without it; pretrained VGG-16 has none."""
        return self.normalisation == "batch" or (self.normalisation == "auto" and self.from_scratch)

    @property
    def total_epochs(self) -> int:
        """How many epochs the run has."""
        return self.epochs or (30 if self.from_scratch else 12)

    @property
    def peak_learning_rate(self) -> float:
        """The rate after warm-up."""
        return self.learning_rate or (1e-3 if self.from_scratch else 1e-4) * (50 if self.optimizer == "sgd" else 1)

    @property
    def changes_side(self) -> bool:
        """Whether photos are of different sides in the course of the run."""
        return any(stage.scale != 1 for stage in self.stages)

    @property
    def wanted(self) -> Wanted:
        """What the feature is to find: products of the query's kind, or where groups are taught, the very product."""
        return "group" if self.metric == "group" else "kind"

    @property
    def preprocessing(self) -> Preprocessing:
        """What the model will ask of photos."""
        return Preprocessing(side_px=self.side_px, fit=self.fit)

    @property
    def first_block(self) -> int:
        """The number of the lowest block that ever learns, or that what learns stands on."""
        lowest = min((self.train_from(stage) for stage in self.stages), default=self.train_from(Stage(share=1)))
        return 5 if lowest == "top" else int(lowest.removeprefix("block"))

    def stage_of(self, epoch: int) -> Stage:
        """The stage that an epoch, counted from 1, belongs to; the last epoch is always of the last stage."""
        if not self.stages:
            return Stage(share=1)
        ends = list(accumulate(stage.share for stage in self.stages[:-1]))
        at = (epoch - 0.5) / self.total_epochs if epoch < self.total_epochs else 1
        return next((stage for stage, end in zip(self.stages, ends, strict=False) if at < end), self.stages[-1])

    def side_px_of(self, stage: Stage) -> int:
        """The side of the photos in a stage: a multiple of 16, as the network halves it four times over."""
        if stage.scale == 1:
            return self.side_px
        nearest = round(self.side_px * stage.scale / _SIDE_STEP_PX) * _SIDE_STEP_PX
        return min(max(LEAST_SIDE_PX, nearest), self.side_px)

    def train_from(self, stage: Stage) -> TrainFrom:
        """The lowest part that learns in a stage; from scratch there is nothing worth keeping frozen."""
        return "block1" if self.from_scratch else stage.train_from
