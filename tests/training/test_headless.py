"""``cnnviewer.train``, as scripts use it."""

import pytest
import torch

import cnnviewer
from cnnviewer.errors import TrainingError
from cnnviewer.networks.run_folder import list_checkpoints
from cnnviewer.training.progress import Checkpoint, Evaluation, Finished, Progress
from cnnviewer.training.start import go_on

SETTINGS = cnnviewer.Settings(epochs=1, batch_size=512)


def test_a_network_is_trained_in_place():
    network = cnnviewer.load_network("lenet5", weights=None)
    before = {name: tensor.clone() for name, tensor in network.module.state_dict().items()}
    news = list(cnnviewer.train(network, "mnist-5k", SETTINGS))
    assert {type(item) for item in news} == {Progress, Evaluation, Finished}
    assert sum(isinstance(item, Progress) for item in news) == 9
    assert not network.module.training
    assert all(not torch.equal(before[name], tensor) for name, tensor in network.module.state_dict().items())


def test_ones_own_module_and_data_are_trained(dataset, make_network):
    network = make_network()
    news = list(cnnviewer.train(network, dataset, cnnviewer.Settings(epochs=6, batch_size=20, learning_rate=0.1)))
    assert [item for item in news if isinstance(item, Evaluation)][-1].accuracy > 0.8


def test_a_run_is_written_where_it_can_be_opened_again(tmp_path, make_network, dataset):
    network = cnnviewer.load_network("lenet5", weights=None)
    news = cnnviewer.train(network, "mnist-5k", SETTINGS, out=tmp_path / "run")
    for item in news:
        if isinstance(item, Progress) and item.step == 4:
            break
    news.close()
    assert list(list_checkpoints(tmp_path / "run"))[-1] == 4
    again = cnnviewer.load_network(tmp_path / "run")
    state = network.module.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in again.module.state_dict().items())
    training = go_on(tmp_path / "run")
    rest = list(training)
    training.close()
    assert any(isinstance(item, Checkpoint) for item in rest)
    assert rest[-1] == Finished(9, "The epoch is done.")
    with pytest.raises(TrainingError, match="holds a training already"):
        cnnviewer.train(network, "mnist-5k", SETTINGS, out=tmp_path / "run")
    with pytest.raises(TrainingError, match="no listed network"):
        cnnviewer.train(make_network(), dataset, SETTINGS, out=tmp_path / "other")
    assert not (tmp_path / "other").exists()
