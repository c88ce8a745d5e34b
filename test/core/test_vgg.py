import numpy as np
import pytest
import torch

from tadt_tracking.engines.torch_engine import Compute, TorchEngine
from tadt_tracking.networks.vgg import VGG16_TO_CONV4_3, Vgg, VggPlan
from tadt_tracking.weights import load

SMALL = VggPlan(blocks=((4, 4), (6,)), pooled=1)


@pytest.fixture(scope="module")
def network():
    network = Vgg(VGG16_TO_CONV4_3)
    network.load_state_dict(load("vgg16-oxford"))
    return network


def test_layers_carry_the_papers_names():
    assert SMALL.layer_names == ("conv1_1", "conv1_2", "conv2_1")
    assert VGG16_TO_CONV4_3.layer_names[-1] == "conv4_3"


def test_stride_is_that_of_the_first_two_poolings(network):
    found = network(torch.zeros(2, 3, 180, 180), ("conv4_1", "conv4_3"))
    assert found["conv4_1"].shape == found["conv4_3"].shape == (2, 512, 45, 45)


def test_unknown_layer_is_named(network):
    with pytest.raises(ValueError, match="conv9_9"):
        network(torch.zeros(1, 3, 16, 16), ("conv9_9",))


def test_mean_picture_is_the_networks_zero(network):
    """A picture of the mean colour is all zeros inside, so that conv1_1 answers its bias."""
    picture = network.mean.expand(1, 3, 8, 8)
    expected = network.conv1_1.bias.relu()
    torch.testing.assert_close(network(picture, ("conv1_1",))["conv1_1"][0, :, 4, 4], expected)


def test_selected_channels_equal_those_of_the_whole_layer(network):
    image = torch.rand(1, 3, 32, 32) * 255
    chosen = torch.tensor([3, 100, 511])
    narrow = network.with_channels("conv4_3", chosen)
    whole = network(image, ("conv4_3",))["conv4_3"]
    part = narrow(image, ("conv4_3",))["conv4_3"]
    torch.testing.assert_close(part, whole[:, chosen], atol=1e-3, rtol=1e-4)
    assert network.conv4_3.out_channels == 512


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_low_precision_features_point_the_same_way(precision):
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    features = []
    for name in ("fp32", precision):
        network = Vgg(VGG16_TO_CONV4_3)
        network.load_state_dict(load("vgg16-oxford"))
        engine = TorchEngine(network, Compute.choose("cpu", name))
        features.append(engine([image], ("conv4_3",))["conv4_3"].float().flatten())
    assert torch.cosine_similarity(*features, dim=0) > 0.999
