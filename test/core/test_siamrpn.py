"""SiamRPN's networks, anchors and the files that their weights come from."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from tadt_tracking.engines import Compute, ComputeSettings, make_engine
from tadt_tracking.networks.base import CLASSIFICATION, FEATURES, REGRESSION, SearchBranch
from tadt_tracking.networks.siamrpn import PLANS, SiamRpn
from tadt_tracking.networks.siamrpn_resnet import SiamRpnResNet
from tadt_tracking.ops.anchors import (
    anchor_grid,
    change_penalty,
    context_side,
    decode,
    encode,
    iou,
)
from tadt_tracking.weights import WeightsError, load
from tadt_tracking.weights.__main__ import main
from tadt_tracking.weights.checkpoints import siamrpn_from_checkpoint
from tadt_tracking.weights.convert import (
    TORCHVISION_MEAN_RGB,
    TORCHVISION_STD_RGB,
    alexnet_from_flax,
)

PUBLISHED = {"vot": (1, 256), "otb": (1, 256), "big": (2, 512)}  # width factor, feature_out
WIDTHS = (96, 256, 384, 384, 256)
KERNELS = (11, 5, 3, 3, 3)
CONVOLUTIONS, NORMS = (0, 4, 8, 11, 14), (1, 5, 9, 12, 15)  # places in featureExtract


def published_shapes(variant):
    """The keys and shapes of a published checkpoint, as torch 0.3 wrote them."""
    factor, feature_out = PUBLISHED[variant]
    shapes, inputs = {}, 3
    for width, kernel, at, norm in zip(WIDTHS, KERNELS, CONVOLUTIONS, NORMS, strict=True):
        outputs = factor * width
        shapes[f"featureExtract.{at}.weight"] = (outputs, inputs, kernel, kernel)
        shapes[f"featureExtract.{at}.bias"] = (outputs,)
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"featureExtract.{norm}.{part}"] = (outputs,)
        inputs = outputs
    heads = {"conv_r1": 20 * feature_out, "conv_r2": feature_out}
    heads |= {"conv_cls1": 10 * feature_out, "conv_cls2": feature_out}
    for name, outputs in heads.items():
        shapes |= {f"{name}.weight": (outputs, inputs, 3, 3), f"{name}.bias": (outputs,)}
    return shapes | {"regress_adjust.weight": (20, 20, 1, 1), "regress_adjust.bias": (20,)}


def checkpoint(shapes, **options):
    """A torch file of tensors of these shapes; each holds one value, so that it is small."""
    tensors = {
        name: torch.tensor(float(i % 7)).expand(shape)
        for i, (name, shape) in enumerate(shapes.items())
    }
    buffer = io.BytesIO()
    torch.save(tensors, buffer, **options)
    return buffer.getvalue()


def randomised(network):
    """The network with batch norms that do something."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values in (layer.weight, layer.running_var):
                nn.init.uniform_(values, 0.5, 1.5)
            for values in (layer.bias, layer.running_mean):
                nn.init.normal_(values)
    return network.eval()


@pytest.fixture(scope="module", params=["narrow", "r50"])
def network(request):
    torch.manual_seed(0)
    made = SiamRpnResNet() if request.param == "r50" else SiamRpn(PLANS["narrow"])
    return randomised(made)


@pytest.fixture(scope="module")
def pairs():
    generator = torch.Generator().manual_seed(1)
    sides = (127, 143)
    return [255 * torch.rand(2, 3, side, side, generator=generator) for side in sides]


@pytest.mark.parametrize("name", PLANS)
def test_networks_have_the_papers_shapes(name):
    with torch.device("meta"):
        network = SiamRpn(PLANS[name])
        exemplar, search = torch.empty(2, 3, 127, 127), torch.empty(2, 3, 271, 271)
    channels = PLANS[name].channels[-1]
    assert network.features(exemplar).shape == (2, channels, 6, 6)
    assert network.features(search).shape == (2, channels, 24, 24)
    assert network.layers(search)["conv3"].shape == (2, PLANS[name].channels[2], 28, 28)
    scores, offsets = network(exemplar, search)
    assert network.response_cells(271) == 19
    assert (scores.shape, offsets.shape) == ((2, 2, 5, 19, 19), (2, 4, 5, 19, 19))


def test_resnet_has_the_published_shapes():
    with torch.device("meta"):
        network = SiamRpnResNet()
        exemplar, search = torch.empty(1, 3, 127, 127), torch.empty(1, 3, 255, 255)
    assert network.features(exemplar).shape == (1, 256, 15, 15)
    assert network.features(search).shape == (1, 256, 31, 31)
    assert network.kernels(network.features(exemplar)).regression.shape == (1, 256, 5, 5)
    scores, offsets = network(exemplar, search)
    assert network.response_cells(255) == 25
    assert (scores.shape, offsets.shape) == ((1, 2, 5, 25, 25), (1, 4, 5, 25, 25))


@torch.inference_mode()
def test_pairs_of_a_batch_do_not_mix(network, pairs):
    together = network(*pairs)
    for index in range(2):
        alone = network(*(pictures[index : index + 1] for pictures in pairs))
        for one, all_ in zip(alone, together, strict=True):
            assert torch.allclose(one[0], all_[index], rtol=1e-3, atol=1e-3 * one.abs().max())
    assert not torch.allclose(together[0][0], together[0][1], rtol=0.01)


@torch.inference_mode()
def test_up_channel_correlation_is_the_sum_over_its_definition():
    network = SiamRpn(PLANS["narrow"])
    kernels = network.kernels(torch.randn(1, 256, 6, 6))
    searched = network.search(torch.randn(1, 256, 8, 8))
    scores, _ = network.correlate(kernels, searched)
    patch = searched.classification[0, :, 1:5, 2:6]
    # Output 7 is the third anchor's score as target: the class comes before the anchor.
    assert scores[0, 1, 2, 1, 2] == pytest.approx(
        (kernels.classification[0, 7] * patch).sum().item(), abs=1e-3
    )


@torch.inference_mode()
def test_search_branch_is_the_network_with_batch_norms_folded(network, pairs):
    branch = SearchBranch(network)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in branch.modules())
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in network.modules())
    layers = network.layers(pairs[1])
    searched = network.search(layers[FEATURES])
    heads = {CLASSIFICATION: searched.classification, REGRESSION: searched.regression}
    found = branch(pairs[1], branch.taps)
    assert found.keys() == {*layers, *heads} >= {network.classified, network.compared}
    for tap, expected in (layers | heads).items():
        assert torch.allclose(found[tap], expected, rtol=1e-3, atol=1e-4 * expected.abs().max())


@torch.inference_mode()
def test_kernels_and_correlation_remain_without_the_features(network, pairs):
    heads = copy.deepcopy(network)
    heads.drop_features()
    exemplar, searched = (network.features(pictures) for pictures in pairs)
    expected = network.respond(network.kernels(exemplar), searched)
    found = heads.respond(heads.kernels(exemplar), searched)
    assert all(map(torch.equal, found, expected))
    with pytest.raises(AttributeError):
        heads.features(pairs[0])


@pytest.mark.parametrize("engine", ["torch", "openvino"])
@pytest.mark.parametrize("precision,least", [("fp32", 0.99999), ("bf16", 0.998)])
def test_engines_run_the_search_branch_for_any_size(network, engine, precision, least):
    settings = ComputeSettings(device="cpu", engine=engine, precision=precision)
    try:
        compute = Compute.choose(settings)
    except ValueError as error:
        pytest.skip(f"this machine: {error}")
    branch, taken_over = SearchBranch(network), SearchBranch(network)
    found_by = make_engine(taken_over, branch.taps, compute)
    for side in (127, 159):
        picture = torch.randint(0, 255, (1, side, side, 3), dtype=torch.uint8)
        with torch.inference_mode():
            expected = branch(picture.permute(0, 3, 1, 2).float(), branch.taps)
        found = found_by(picture)
        for tap in branch.taps:
            likeness = torch.cosine_similarity(found[tap].flatten(), expected[tap].flatten(), 0)
            assert likeness > least


def test_anchors_have_the_published_sizes_around_the_middle():
    anchors = anchor_grid(19)
    assert anchors.shape == (4, 5, 19, 19)
    assert anchors[2:, :, 3, 4].T.tolist() == [[104, 32], [88, 40], [64, 64], [40, 80], [32, 96]]
    assert anchors[:2, 2, 9, 9].tolist() == [0, 0]
    assert anchors[:2, 0, 8, 11].tolist() == [16, -8]  # to the right, and up
    assert anchors[:2].flatten(2).mean(2).abs().max() == 0


def test_decoding_undoes_encoding():
    anchors = anchor_grid(5)
    boxes = torch.tensor([3.0, -7, 50, 90]).view(4, 1, 1, 1)
    offsets = encode(boxes, anchors)
    assert offsets.shape == anchors.shape
    assert offsets[:, 2, 2, 2].tolist() == pytest.approx(
        [3 / 64, -7 / 64, np.log(50 / 64), np.log(90 / 64)]
    )
    assert torch.allclose(decode(offsets, anchors), boxes.expand_as(anchors), atol=1e-4)
    assert torch.equal(decode(torch.zeros_like(anchors), anchors), anchors)


def test_overlap_of_boxes_with_anchors():
    boxes = torch.tensor([[0.0, 0, 64, 64], [32, 0, 64, 64], [300, 0, 64, 64]]).T
    overlaps = iou(boxes.view(4, 3, 1, 1, 1), anchor_grid(3)[:, None])
    assert overlaps.shape == (3, 5, 3, 3)
    assert overlaps[:, 2, 1, 1].tolist() == pytest.approx([1, 1 / 3, 0])


def test_change_of_size_or_shape_counts_against_a_proposal():
    sizes = torch.tensor([[40.0, 20], [80, 40], [20, 10], [20, 40]]).T
    penalties = change_penalty(torch.cat([torch.zeros(2, 4), sizes]), (40.0, 20.0), 0.1)
    # Twice or half the size is a change of 2; the other shape of the same size is one of 4.
    assert penalties.tolist() == pytest.approx([1, np.exp(-0.1), np.exp(-0.1), np.exp(-0.3)])
    assert context_side(40, 20) == pytest.approx(np.sqrt(70 * 50))


@pytest.mark.parametrize("variant", PUBLISHED)
@pytest.mark.parametrize("prefix,new_format", [("", False), ("module.", True)])
def test_published_checkpoints_load_unchanged(variant, prefix, new_format):
    shapes = published_shapes(variant)
    file = checkpoint(
        {prefix + name: shape for name, shape in shapes.items()},
        _use_new_zipfile_serialization=new_format,
    )
    state = siamrpn_from_checkpoint(file)
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == shapes
    with torch.device("meta"):
        network = SiamRpn(PLANS[variant])
    loaded = network.load_state_dict(state, assign=True)
    assert not loaded.missing_keys and not loaded.unexpected_keys


def test_command_line_converts_a_checkpoint(tmp_path, capsys):
    source, target = tmp_path / "SiamRPNVOT.model", tmp_path / "vot.safetensors"
    source.write_bytes(checkpoint(published_shapes("vot")))
    assert main(["convert", str(source), str(target)]) == 0
    assert load_file(target)["featureExtract.0.bias"].unique().tolist() == [1]
    assert str(target) in capsys.readouterr().out


@pytest.mark.parametrize(
    "change,message",
    [
        ({"conv_r1.bias": None}, "closest is 'vot': missing conv_r1.bias"),
        ({"conv_r9.bias": (3,)}, "unexpected conv_r9.bias"),
        ({"conv_r1.bias": (3,)}, r"conv_r1.bias is \(3,\), must be \(5120,\)"),
    ],
)
def test_checkpoint_that_does_not_fit_is_refused(change, message):
    shapes = {n: s for n, s in (published_shapes("vot") | change).items() if s is not None}
    with pytest.raises(WeightsError, match=message):
        siamrpn_from_checkpoint(checkpoint(shapes))


@pytest.mark.parametrize("content", [b"", b"nonsense", pickle.dumps(np.zeros(3))])
def test_file_that_is_no_checkpoint_is_refused(tmp_path, capsys, content):
    source = tmp_path / "some.model"
    source.write_bytes(content)
    assert main(["convert", str(source), str(tmp_path / "out.safetensors")]) == 1
    assert "cannot read the checkpoint" in capsys.readouterr().err
    assert main(["convert", str(source), str(tmp_path / "out.pth")]) == 1
    assert "must end in .safetensors" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["convert", str(source)])


@torch.inference_mode()
def test_alexnet_sees_a_raw_picture_as_torchvisions_sees_a_normalised_one():
    generator = np.random.default_rng(0)
    widths = (3, *PLANS["alexnet"].channels)
    layers = {
        f"Conv_{i}": {
            "kernel": 0.05 * generator.normal(size=(k, k, *widths[i : i + 2])).astype(np.float32),
            "bias": generator.normal(size=widths[i + 1]).astype(np.float32),
        }
        for i, k in enumerate(KERNELS)
    }
    extractor = SiamRpn(PLANS["narrow"]).eval()
    state = alexnet_from_flax(pickle.dumps({"AlexNet_0": layers}))
    loaded = extractor.load_state_dict(state, strict=False)
    assert not loaded.unexpected_keys
    assert not [key for key in loaded.missing_keys if "featureExtract" in key]
    picture = torch.randint(0, 255, (1, 3, 127, 127)).float()
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (TORCHVISION_MEAN_RGB, TORCHVISION_STD_RGB))
    expected = (picture.flip(1) / 255 - mean) / std
    outputs = []
    for index in range(5):
        arrays = (torch.from_numpy(layers[f"Conv_{index}"][part]) for part in ("kernel", "bias"))
        kernel, bias = arrays
        kernel = kernel.permute(3, 2, 0, 1)
        expected = functional.conv2d(expected, kernel, bias, stride=2 if index == 0 else 1)
        if index < 2:
            expected = functional.max_pool2d(expected, 3, 2)
        if index < 4:
            expected = functional.relu(expected)
        outputs.append(expected)
    found = extractor.layers(picture)
    for name, expected in {"conv3": outputs[2], FEATURES: outputs[4]}.items():
        assert torch.allclose(found[name], expected, rtol=1e-3, atol=1e-4 * expected.abs().max())


@pytest.mark.parametrize("name", ["alexnet", "narrow"])
def test_real_alexnet_fits_the_plans(name):
    network = SiamRpn(PLANS[name])
    loaded = network.load_state_dict(load("alexnet-torchvision"), strict=False)
    assert not loaded.unexpected_keys
    assert all(key.startswith(("conv_", "regress_")) for key in loaded.missing_keys)


def test_real_resnet_fits_the_network():
    loaded = SiamRpnResNet().load_state_dict(load("siamrpn-r50"))
    assert not loaded.missing_keys and not loaded.unexpected_keys
