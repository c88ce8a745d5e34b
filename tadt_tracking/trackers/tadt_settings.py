"""Settings of TADT."""

from __future__ import annotations

from dataclasses import dataclass

from tadt_tracking.settings import Settings, setting

RENEWED_EVERY = 10  # frames between renewals of the template


@dataclass(frozen=True)
class TadtSettings(Settings):
    """Settings of TADT; the constants in its module are the paper's and its implementations'."""

    weights: str = setting("vgg16-oxford", "VGG-16 weights: manifest name or .safetensors file")
    conv4_3_channels: int = setting(200, "channels kept of conv4-3", minimum=1, maximum=512)
    conv4_1_channels: int = setting(80, "channels kept of conv4-1", minimum=1, maximum=512)
    selection: str = setting(
        "regression+ranking",
        "what chooses channels: both losses (conv4-1 by ranking), the regression loss, or chance",
        choices=("regression+ranking", "regression", "random"),
    )
    target_side: float = setting(
        59.0,
        "square root of a target's area as the network sees it, at most; three quarters at least",
        unit="px",
        minimum=20.0,
        maximum=200.0,
    )
    padding: float = setting(
        3.0, "side of the search window, relative to target_side", minimum=1.5, maximum=6.0
    )
    window_influence: float = setting(
        1.0, "weight of the cosine window on responses", minimum=0.0, maximum=1.0
    )
    classifier_share: float = setting(
        0.6,
        "share of the classifier's answers, beside the template's responses, in what chooses the "
        "place; 0: the template alone (the paper); the template alone tells the scale",
        minimum=0.0,
        maximum=0.95,
    )
    scale_step: float = setting(
        1.045, "ratio of neighbouring scales among the three", minimum=1.001, maximum=1.5
    )
    scale_rate: float = setting(
        0.3, "share of the best scale's change that is followed", minimum=0.0, maximum=1.0
    )
    update_rate: float = setting(
        0.2,
        f"share of the newest look in the changing half of the template, every {RENEWED_EVERY} "
        "frames; 0: the template stays as it was (the paper)",
        minimum=0.0,
        maximum=1.0,
    )
