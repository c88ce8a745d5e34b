"""The interface of all engines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor


class Engine(ABC):
    """A network on a device, ready to compute some of its layers for batches of pictures."""

    @abstractmethod
    def __call__(self, batch: Tensor) -> dict[str, Tensor]:
        """Compute features of pictures of one size, in one pass.

        Args:
            batch: N x H x W x 3, uint8, BGR, from `Compute.batch`.

        Returns:
            N x C x H' x W' float32 features by layer, on the device. They may lie in the engine's
            own memory: they are good until its next call.
        """

    @abstractmethod
    def with_taps(self, taps: tuple[str, ...]) -> Engine:
        """Return an engine for fewer layers of the same network, with the same weights."""

    @abstractmethod
    def with_channels(self, channels: Mapping[str, Tensor]) -> Engine:
        """Return an engine that gives only some channels of its layers.

        Args:
            channels: 1-D indices of the channels to give, in order, by layer. Where no other layer
                needs the rest of them, they are not even computed.
        """
