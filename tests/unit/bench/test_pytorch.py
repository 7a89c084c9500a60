"""PyTorch as a yardstick, where it is installed: the same networks as ours, by their weights."""

import importlib

import pytest

from pydl.bench import NETWORKS, pytorch


@pytest.mark.parametrize("name", NETWORKS)
def test_the_networks_have_as_many_weights_and_train(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    ours = NETWORKS[name].model().count_parameters()
    theirs = torch.nn.Sequential(*pytorch._layers(torch.nn, name))
    assert sum(weight.numel() for weight in theirs.parameters()) == ours
    for run in pytorch.contestants(NETWORKS[name]).values():
        run(2)


def test_without_pytorch_there_is_no_contestant(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert pytorch.contestants(NETWORKS["relu-mlp"]) == {}
