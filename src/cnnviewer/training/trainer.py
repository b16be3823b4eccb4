"""`Trainer`: learns from a batch at a time. It knows no screen, no file and no clock."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from cnnviewer.errors import TrainingError
from cnnviewer.networks.heads import frozen_modules
from cnnviewer.training.evaluation import evaluate
from cnnviewer.training.feed import Feed, plain_batch
from cnnviewer.training.optimisers import make_optimiser
from cnnviewer.training.progress import Progress
from cnnviewer.training.seeds import Purpose, seed_for
from cnnviewer.training.small_batches import least_batch, told_norms
from cnnviewer.training.team import ALONE, choose_device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.datasets.labelled import Dataset, LabelledImages
    from cnnviewer.network import Network
    from cnnviewer.training.progress import Evaluation
    from cnnviewer.training.settings import Settings
    from cnnviewer.training.team import Team

__all__ = ["Trainer"]


class Trainer:
    """Trains a network's module, in place.

    With the same seed and on the same CPU the same steps give the same weights, to the bit. All random numbers are
    drawn by the number of the step (see `cnnviewer.training.seeds`): what a step does depends on the weights, the
    optimiser's state and that number alone.

    Parameters
    ----------
    network
        Its module gives logits ``(N, classes)``; it is moved to the settings' device, and is in train mode from the
        first step on.
    dataset
        What to learn from.
    settings
        How.
    team
        The processes that share the work.

    Raises
    ------
    TrainingError
        If the network's outputs are not the dataset's classes, it is in half precision, or the device is not there.
    """

    def __init__(self, network: Network, dataset: Dataset, settings: Settings, team: Team = ALONE) -> None:
        if network.dtype in (torch.float16, torch.bfloat16):
            raise TrainingError(
                f"{network.name} is in half precision; it learns in single: network.to(DEVICE, 'single')."
            )
        self.network, self.dataset, self.settings, self.team = network, dataset, settings, team
        self.device = choose_device(settings.device)
        self.module = network.module.to(self.device).eval()
        least = _check(self, dataset)
        self._feed = Feed(dataset.train, network.preprocessing, settings, least=least)
        self.remarks = _left_out(self, least)
        """What is to be known of it, in sentences."""
        self._learnt = [parameter for parameter in self.module.parameters() if parameter.requires_grad]
        if not self._learnt:
            raise TrainingError("All weights of the network are frozen: there is nothing to learn.")
        self._has_dropout = any(isinstance(module, _RANDOM) for module in self.module.modules())
        self.optimiser = make_optimiser(self._learnt, settings)
        self._wrapped = team.wrap(self.module)
        self.learning_rate = settings.learning_rate
        self.step = 0
        self.examples = 0
        self.wants_stop = False
        """Whether this process wishes to end; may be set by another thread."""
        self.is_stopped = False
        """Whether, as of the last step, any process of the team wished to end."""

    @property
    def steps_per_epoch(self) -> int:
        """How many batches hold each image once."""
        return self._feed.batches_per_epoch

    @property
    def steps(self) -> int:
        """How many steps all epochs have."""
        return self.settings.epochs * self.steps_per_epoch

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return self.step // self.steps_per_epoch

    @property
    def is_done(self) -> bool:
        """Whether all epochs are done."""
        return self.step >= self.steps

    def stops_before_next(self) -> bool:
        """Whether the end was wished for while nothing ran; several processes end after a common step instead."""
        self.is_stopped |= self.wants_stop and self.team.size == 1
        return self.is_stopped

    def next_learning_rate(self) -> float:
        """Return the learning rate of the next step: the one set, times the schedule's factor."""
        return self.learning_rate * self.settings.factor(self.step, self.steps)

    def next_batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return this process's share of the next step's batch, on the device: inputs and labels."""
        share = self.team.share(self._batch_count())
        # In a last batch of fewer images than processes, some have none: they compute one that does not count.
        inputs, labels = self._feed.training_batch(self.step, share if self._own_count() else slice(1))
        return inputs.to(self.device), labels.to(self.device)

    def advance(self) -> Progress:
        """Take a step: forward, error, backpropagation, update.

        Raises
        ------
        TrainingError
            If the error is no number any more (the weights are then those before the step), or another process was
            lost.
        """
        inputs, labels = self.next_batch()
        rate = self.next_learning_rate()
        with self.team.told(), self._learning(), told_norms(self.network):
            loss, right, count = self._backpropagate(inputs, labels)
        self._check_loss(loss, rate)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        epoch = self.epoch + 1
        self.step += 1
        self.examples += count
        return Progress(self.step, self.steps, epoch, loss, right / count, rate, self.examples)

    def evaluate(self, split: str) -> Evaluation | None:
        """Measure the network on the images of a split; None where the dataset has no such.

        Parameters
        ----------
        split
            "validation" or "test".
        """
        data: LabelledImages | None = getattr(self.dataset, split)
        if data is None:
            return None
        with self.team.told():
            return evaluate(self.network, data, split, self.step, self.epoch, self.team)

    def gradients(self) -> dict[str, torch.Tensor]:
        """Return the gradient of the last step by the name of its weight; a copy on the CPU."""
        return {
            name: parameter.grad.detach().cpu().clone()
            for name, parameter in self.module.named_parameters()
            if parameter.grad is not None
        }

    def weights(self) -> dict[str, torch.Tensor]:
        """Return the weights and buffers of now by name; a copy on the CPU."""
        return {name: tensor.detach().cpu().clone() for name, tensor in self.module.state_dict().items()}

    def has_finite_weights(self) -> bool:
        """Whether no weight is infinite or no number."""
        return all(bool(torch.isfinite(parameter).all()) for parameter in self.module.parameters())

    def _backpropagate(self, inputs: torch.Tensor, labels: torch.Tensor) -> tuple[float, int, int]:
        """Leave the gradients on the parameters; return the whole batch's error, and how many were right of all."""
        logits = self._wrapped(inputs)
        loss = functional.cross_entropy(logits, labels)
        self.optimiser.zero_grad()
        self.is_stopped = self.wants_stop
        if self.team.size == 1:
            loss.backward()  # type: ignore[no-untyped-call]
            return loss.item(), int((logits.detach().argmax(1) == labels).sum()), len(labels)
        # The team averages gradients over its processes, whose shares of the last batch may differ in size.
        count, own = self._batch_count(), self._own_count()
        (loss * (own * self.team.size / count)).backward()  # type: ignore[no-untyped-call]
        right = (logits.detach().argmax(1) == labels).sum().double() * bool(own)
        wish = torch.full_like(right, float(self.wants_stop))
        totals = self.team.total(torch.stack([loss.detach().double() * own, right, wish]))
        self.is_stopped = bool(totals[2])
        return float(totals[0]) / count, int(totals[1]), count

    def _batch_count(self) -> int:
        return len(self._feed.chosen(self.step))

    def _own_count(self) -> int:
        count = self._batch_count()
        return len(range(count)[self.team.share(count)])

    def _check_loss(self, loss: float, rate: float) -> None:
        if loss != loss or loss in (float("inf"), float("-inf")):
            raise TrainingError(
                f"At step {self.step + 1} the error is no number any more: with a learning rate of {rate:g} the "
                "weights grew without bound. Begin again with a smaller one, a tenth of it for example."
            )

    @contextmanager
    def _learning(self) -> Iterator[None]:
        """Be in train mode, with this step's random numbers; frozen parts stay as they are."""
        if not self.module.training:
            self.module.train()
            for module in frozen_modules(self.module):
                module.eval()
        with self._dropout_seed() if self._has_dropout else nullcontext():
            yield

    @contextmanager
    def _dropout_seed(self) -> Iterator[None]:
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(seed_for(self.settings.seed + self.team.rank, Purpose.DROPOUT, self.step))
            yield


_RANDOM = (torch.nn.modules.dropout._DropoutNd, torch.nn.AlphaDropout, torch.nn.RReLU)


def _check(trainer: Trainer, dataset: Dataset) -> int:
    """Raise where a network and a dataset do not fit each other; return how many images a batch must have at least."""
    if not len(dataset.train):
        raise TrainingError(f"The dataset {dataset.name} has no training images.")
    inputs, _ = plain_batch(dataset.train, slice(0, 1), trainer.network.preprocessing)
    inputs = inputs.to(trainer.device)
    with torch.inference_mode(), told_norms(trainer.network):
        logits = trainer.module(inputs)
    classes = len(dataset.categories)
    if not isinstance(logits, torch.Tensor) or logits.ndim != 2:
        raise TrainingError(f"{trainer.network.name} gives no class scores: it can't learn to classify.")
    if logits.shape[1] != classes:
        raise TrainingError(
            f"{trainer.network.name} has {logits.shape[1]} outputs, and the dataset {dataset.name} has {classes} "
            "classes. Take a network with a new head."
        )
    settings = trainer.settings
    if dataset.validation is None and (settings.target_accuracy or settings.target_error):
        raise TrainingError(
            "A target is measured on validation images, and none were held back: set the share for validation."
        )
    return _least(trainer, len(dataset.train), inputs)


def _least(trainer: Trainer, count: int, inputs: torch.Tensor) -> int:
    """Return how many images a batch must have at least, so that each process of the team can learn from its share."""
    size, batch = trainer.team.size, trainer.settings.batch_size
    smallest = min(batch, count, count % batch or batch)
    if smallest >= 2 * size or least_batch(trainer.network, inputs) == 1:
        return 1
    if min(batch, count) < 2 * size:
        needed = "2 images" if size == 1 else f"{2 * size} images, 2 for each process"
        raise TrainingError(
            f"{trainer.network.name} normalises over the images of a batch, and can't learn from one alone: "
            + (f"a batch needs at least {needed}." if count >= 2 * size else "there are too few training images.")
        )
    return 2 * size


def _left_out(trainer: Trainer, least: int) -> tuple[str, ...]:
    rest = len(trainer.dataset.train) % trainer.settings.batch_size
    if not 0 < rest < least:
        return ()
    images = "one image" if rest == 1 else f"{rest} images"
    return (
        f"The last batch of each epoch would have {images} only, from which {trainer.network.name} can't learn, as it "
        "normalises over the images of a batch: it is left out. Another batch size leaves none out.",
    )
