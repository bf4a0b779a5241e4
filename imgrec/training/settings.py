"""Everything a training run depends on besides the catalogue; stored with the run and with the model."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from imgrec.vision.preprocessing import Preprocessing

FeatureLayer = Literal["block3", "block4", "block5"]


class TrainingSettings(BaseModel):
    """One training run. `auto` values depend on whether the weights are pretrained: see the properties."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: str = Field(
        "imagenet",
        description="Start from imagenet (downloaded), none (from scratch), or an .h5 file of the same layout.",
    )
    epochs: int = Field(12, ge=1, description="Passes over the training photos.")
    batch_size: int = Field(32, ge=1, description="Photos in a step.")
    learning_rate: float | None = Field(
        None, gt=0, description="Peak rate.  [default: 1e-4 fine-tuning, 1e-3 from scratch]"
    )
    side_px: int = Field(128, ge=32, le=512, description="Side of the network's input in pixels.")
    fit: Literal["pad", "crop", "stretch"] = Field("pad", description="How a photo becomes a square.")
    normalisation: Literal["auto", "none", "batch"] = Field(
        "auto", description="After each convolution. auto: batch from scratch, else none."
    )
    augmentation: Literal["none", "standard"] = Field(
        "standard", description="standard: mirrored, cropped, lit differently."
    )
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="Share of the target spread over all categories.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Share of features dropped before the softmax.")
    feature_layer: FeatureLayer = Field("block5", description="Block whose pooled output is the feature.")
    whitening_dim: int = Field(
        128, ge=0, description="Dimensions of the whitened feature, used where it finds more; 0: never whiten."
    )
    width: float = Field(1.0, gt=0, le=1, description="Share of VGG-16's channels; less than 1 is for trying things.")
    dtype: Literal["auto", "float32", "mixed_bfloat16"] = Field(
        "auto", description="auto: mixed_bfloat16 where it is faster, else float32."
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Of initialisation, splits, order and augmentation.")

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
    def peak_learning_rate(self) -> float:
        """The rate after warm-up."""
        return self.learning_rate or (1e-3 if self.from_scratch else 1e-4)

    @property
    def preprocessing(self) -> Preprocessing:
        """What the model will ask of photos."""
        return Preprocessing(side_px=self.side_px, fit=self.fit)
