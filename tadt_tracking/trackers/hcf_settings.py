"""Settings of HCF."""

from __future__ import annotations

from dataclasses import dataclass

from tadt_tracking.settings import SettingError, Settings, setting

# Layers, coarse to fine, with the weights of their responses (equation 5).
LAYER_WEIGHTS = {"conv5_4": 1.0, "conv4_4": 0.5, "conv3_4": 0.02}


@dataclass(frozen=True)
class HcfSettings(Settings):
    """Settings of HCF; the defaults are the paper's where it has them."""

    weights: str = setting("vgg19-oxford", "VGG-19 weights: manifest name or .safetensors file")
    layers: str = setting(
        ",".join(LAYER_WEIGHTS), f"layers used, joined by commas: any of {', '.join(LAYER_WEIGHTS)}"
    )
    fusion: str = setting(
        "coarse_to_fine",
        "how layers are joined: weighted responses of a filter each, or one filter over all",
        choices=("coarse_to_fine", "concatenation"),
    )
    window_shape: str = setting(
        "square",
        "search window: a square of the target's area times (1 + padding)^2, or the target's shape "
        "stretched to a square (as in the authors' implementation)",
        choices=("square", "stretched"),
    )
    padding: float = setting(
        1.8, "search window beyond the target, relative to its size", minimum=0.5, maximum=5.0
    )
    regularization: float = setting(1e-4, "lambda of the filters", minimum=1e-9, maximum=1e3)
    learning_rate: float = setting(
        0.01, "share of the newest frame in the filters", minimum=0.0, maximum=1.0
    )
    learn_above: float = setting(
        0.5,
        "share of its usual height below which a response is not learned from (paper: 0)",
        minimum=0.0,
        maximum=1.0,
    )
    second_pass: bool = setting(
        False, "learn from a second window, cut at the place found (the paper; twice the time)"
    )
    scale: bool = setting(True, "estimate the target's scale (the paper: off)")
    scale_rate: float = setting(
        0.01, "share of the newest frame in the scale filter", minimum=0.0, maximum=1.0
    )

    def __post_init__(self) -> None:
        """Check the layers, too."""
        super().__post_init__()
        chosen = self.layers.split(",")
        if len(set(chosen)) < len(chosen) or not set(chosen) <= set(LAYER_WEIGHTS):
            raise SettingError(
                f"setting 'layers' must name some of {', '.join(LAYER_WEIGHTS)}, each once and "
                f"joined by commas, got {self.layers!r}"
            )

    @property
    def coarse_to_fine(self) -> tuple[str, ...]:
        """The layers used."""
        return tuple(layer for layer in LAYER_WEIGHTS if layer in self.layers.split(","))
