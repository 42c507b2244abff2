"""Weights without torch, and what the network makes of voices."""

import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs.subtitles.voices.embedding import encoder
from jobs.subtitles.voices.embedding.encoder import Layer, NoWeights, load_encoder, run_layer
from jobs.subtitles.voices.embedding.mel import BANDS, mel_spectra
from jobs.subtitles.voices.embedding.tensors import UnreadableTensors, read_tensors
from jobs.subtitles.voices.sound import RATE_HZ
from tests.jobs.subtitles.voices.known import Known

MAGIC = 0x1950A86A20F9469CFC6C


def pickled(*parts: object) -> bytes:
    return b"".join(pickle.dumps(part, 2) for part in parts)


def checkpoint(shape: tuple[int, ...] = (2, 3), strides: tuple[int, ...] = (3, 1), size: int = 6) -> bytes:
    """A file as torch wrote it, with one tensor `w` of 0, 1, 2 …"""
    numbers = "".join(f"I{each}\n" for each in shape), "".join(f"I{each}\n" for each in strides)
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n((Vstorage\nctorch\nFloatStorage\nVkey\nVcpu\n"
        + f"I{size}\nNtQI0\n({numbers[0]}t({numbers[1]}tI00\nccollections\nOrderedDict\n)RtR".encode()
    )
    held = b"(dVmodel_state\nccollections\nOrderedDict\n)R(Vw\n" + tensor + b"us."
    head = pickled(MAGIC, 1001, {"little_endian": True})
    data = struct.pack("<q", size) + np.arange(size, dtype="<f4").tobytes()
    return head + held + pickle.dumps(["key"], 2) + data


def test_tensors_are_read_with_their_shape() -> None:
    assert read_tensors(checkpoint(), "model_state")["w"].tolist() == [[0, 1, 2], [3, 4, 5]]
    turned = read_tensors(checkpoint((3, 2), (1, 3)), "model_state")["w"]
    assert turned.tolist() == [[0, 3], [1, 4], [2, 5]]


class _Bomb:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return print, ("boom",)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 not this format",
        checkpoint()[:-1],
        checkpoint((2, 4)),
        checkpoint((2, 3), (3, -1)),
        checkpoint().replace(b"Vmodel_state", b"Vother_state"),
        pickle.dumps(MAGIC + 1, 2) + checkpoint()[len(pickle.dumps(MAGIC, 2)) :],
        pickled(MAGIC, 1001, {}, {"model_state": OrderedDict(w=1)}, []),
    ],
)
def test_what_is_no_such_checkpoint_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableTensors):
        read_tensors(data, "model_state")


def test_what_a_pickle_wants_to_run_is_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    data = pickled(MAGIC, 1001, {}, {"model_state": _Bomb()}, [])
    with pytest.raises(UnreadableTensors, match="print"):
        read_tensors(data, "model_state")
    assert capsys.readouterr().out == ""


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        def locate_file(self, name: str) -> Path:
            return tmp_path / "pretrained.pt"

    monkeypatch.setattr(encoder, "distribution", lambda _name: Other())
    with pytest.raises(NoWeights, match="not installed"):
        load_encoder()
    (tmp_path / "pretrained.pt").write_bytes(checkpoint())
    with pytest.raises(NoWeights, match="other weights"):
        load_encoder()


def test_a_layer_is_an_lstm() -> None:
    """Against the equations, gate by gate, for one input and a state of one number."""
    weights = np.array([[0.5, -0.3, 0.8, 0.2]], np.float32)
    layer = Layer(by_input=weights, by_state=weights * 2, bias=np.full(4, 0.1, np.float32))
    state = cell = 0.0
    for step, found in enumerate(run_layer(layer, np.ones((3, 1, 1), np.float32)).ravel(), 1):
        gates = weights[0].astype(float) * (1 + 2 * state) + 0.1
        let_in, keep, out = (1 / (1 + np.exp(-gates[part])) for part in (0, 1, 3))
        cell = keep * cell + let_in * np.tanh(gates[2])
        state = out * np.tanh(cell)
        assert found == pytest.approx(state, abs=1e-6), step


def test_a_tone_is_in_its_band() -> None:
    """Slaney's scale is even below 1 kHz: 15 mels, a band every 1.1."""
    seconds = np.arange(RATE_HZ, dtype=np.float32) / RATE_HZ
    for hertz in (300, 600, 900):
        spectra = mel_spectra((0.5 * np.sin(2 * np.pi * hertz * seconds)).astype(np.float32))
        assert spectra.shape == (101, BANDS)
        step = (1000 / (200 / 3) + np.log(8) / 0.06875177742094912) / (BANDS + 1)
        assert int(spectra.mean(0).argmax()) == pytest.approx(hertz / (200 / 3) / step - 1, abs=0.6)


def test_a_quiet_voice_is_heard_as_a_loud_one(known: Known) -> None:
    start, end = known.speech[0]
    samples = known.samples[int(start * RATE_HZ) : int(end * RATE_HZ)] * np.float32(0.02)
    assert mel_spectra(samples / np.float32(4)) == pytest.approx(mel_spectra(samples), rel=1e-3, abs=1e-6)


def test_the_same_voice_is_nearer_than_another(known: Known) -> None:
    parts = [known.samples[int(s * RATE_HZ) : int(e * RATE_HZ)] for s, e in known.speech]
    rows = load_encoder().embed(parts)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, rel=1e-5)
    alike = rows @ rows.T
    same = np.array([[one == other for *_, other in known.spoken] for *_, one in known.spoken])
    assert alike[same].mean() > 0.8
    assert alike[~same].mean() < 0.72


def test_a_stretch_shorter_than_a_window_has_a_voice_too(known: Known) -> None:
    start = known.speech[0][0]
    short = known.samples[int(start * RATE_HZ) : int((start + 0.5) * RATE_HZ)]
    assert load_encoder().embed([short, short[:200]]).shape == (2, 256)
