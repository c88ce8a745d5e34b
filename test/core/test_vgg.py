import pytest
import torch

from tadt_tracking.networks.vgg import VGG16_TO_CONV4_3, VGG19_TO_CONV5_4, Vgg, VggPlan
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
    assert VGG19_TO_CONV5_4.layer_names[-1] == "conv5_4"
    assert len(VGG19_TO_CONV5_4.layer_names) == 16


def test_pooling_comes_before_the_first_layer_of_a_block_while_blocks_are_pooled():
    def pooling(plan):
        return [layer.name for layer in plan.layers if layer.pools_first]

    assert pooling(VGG16_TO_CONV4_3) == ["conv2_1", "conv3_1"]
    assert pooling(VGG19_TO_CONV5_4) == ["conv2_1", "conv3_1", "conv4_1", "conv5_1"]


def test_stride_is_that_of_the_first_two_poolings(network):
    found = network(torch.zeros(2, 3, 180, 180), ("conv4_1", "conv4_3"))
    assert found["conv4_1"].shape == found["conv4_3"].shape == (2, 512, 45, 45)


def test_stride_of_vgg19_doubles_with_every_block():
    layers = tuple(f"conv{block}_1" for block in range(1, 6))
    found = Vgg(VGG19_TO_CONV5_4)(torch.zeros(1, 3, 48, 32), layers)
    assert [tuple(found[layer].shape[2:]) for layer in layers] == [
        (48, 32),
        (24, 16),
        (12, 8),
        (6, 4),
        (3, 2),
    ]


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_traced_network_computes_the_same_on_pictures_of_another_size(network):
    """OpenVINO converts what torch.jit.trace sees; taps are part of the trace."""

    class Tapped(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, images):
            return tuple(self.network(images, ("conv3_1", "conv4_3")).values())

    tapped = Tapped()
    images = torch.rand(2, 3, 40, 24) * 255
    with torch.no_grad():
        traced = torch.jit.trace(tapped, torch.zeros(1, 3, 32, 32))
        torch.testing.assert_close(traced(images), tapped(images))


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
    chosen = {"conv3_1": torch.tensor([255, 0]), "conv4_3": torch.tensor([3, 100, 511])}
    narrow = network.with_channels(chosen)
    whole = network(image, tuple(chosen))
    part = narrow(image, tuple(chosen))
    for layer, channels in chosen.items():
        torch.testing.assert_close(part[layer], whole[layer][:, channels], atol=1e-3, rtol=1e-4)
    assert network.conv4_3.out_channels == 512
