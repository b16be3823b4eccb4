"""``cnnviewer train``: train a network, also on several machines under ``torchrun -m cnnviewer train ...``."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviewer.cli.options import tell_progress
from cnnviewer.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.training.plan import Plan
    from cnnviewer.training.team import Team
    from cnnviewer.training.training import Training

__all__ = ["run"]

_STOPPED = 130


def run(words: list[str]) -> int:
    """Run the command and return the exit status: 0, or 130 where it was stopped with a checkpoint."""
    options = _parser().parse_args(words)
    _check(options)
    plan = None if options.resume else _plan(options)
    from cnnviewer.training.team import choose_device, join_team

    device = options.device or "auto"
    with join_team(choose_device(device)) as team:
        return _train(plan, options, team)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cnnviewer train",
        description="Train a network. The folder RUN can be opened by the window meanwhile, and later: cnnviewer RUN.",
        argument_default=None,
    )
    add = parser.add_argument
    add("network", nargs="?", metavar="NETWORK", help="an architecture, a network to give a new head, or a design.json")
    add("--out", type=Path, required=True, metavar="RUN", help="the folder of the training")
    add("--resume", action="store_true", help="let the training in RUN go on from its last checkpoint")
    add("--more-epochs", type=int, metavar="N", help="with --resume: train on for so many epochs more")
    add("--dataset", metavar="NAME", help="mnist-5k (default), mnist, fashion-mnist, cifar10, or a folder of images")
    add("--data", type=Path, metavar="FOLDER", help="where the files of the dataset lie")
    add("--download", action="store_true", help="download the dataset where it is not there")
    add("--validation", type=float, metavar="SHARE", help="share of the training images held back (default 1/12)")
    add("--frozen", action="store_true", default=None, help="transfer learning: learn the new head only")
    add("--from-scratch", action="store_true", help="random weights instead of pretrained ones under the new head")
    add("--tensorboard", action="store_true", help="write events for TensorBoard into RUN/tensorboard")
    group = parser.add_argument_group("how to train")
    add = group.add_argument
    add("--epochs", type=int, metavar="N", help="how often each image is seen (default 10)")
    add("--batch-size", type=int, metavar="N", help="images a step, over all machines (default 128)")
    add("--optimiser", choices=("sgd", "adamw"), help="default sgd, with Nesterov's momentum")
    add("--learning-rate", type=float, metavar="RATE", help="default 0.05, with adamw 0.001")
    add("--momentum", type=float, metavar="SHARE", help="of sgd (default 0.9)")
    add("--weight-decay", type=float, metavar="SHARE", help="default 0.0005")
    add("--schedule", choices=("constant", "cosine", "steps"), help="how the learning rate falls (default cosine)")
    add("--warm-up", type=int, metavar="STEPS", help="steps over which the learning rate rises from 0 (default 0)")
    add("--shift", type=int, metavar="PIXELS", help="shift the training images at random (default 0)")
    add("--flip", action="store_true", default=None, help="mirror half of the training images")
    add("--target-accuracy", type=float, metavar="SHARE", help="stop at this accuracy on the validation images, 0..1")
    add("--target-error", type=float, metavar="ERROR", help="stop at this error on the validation images")
    add("--seed", type=int, metavar="N", help="of all that is random (default 0)")
    add("--device", metavar="DEVICE", help="auto (default), cpu, cuda or mps")
    return parser


def _check(options: argparse.Namespace) -> None:
    """Raise where options contradict each other."""
    given = {name for name, value in vars(options).items() if value not in (None, False)}
    extra = given - {"out", "resume", "tensorboard", "network", "device", "dataset", "data", "download", "more_epochs"}
    if options.resume and extra:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(extra))
        raise TrainingError(f"A training that goes on is as it began: leave {named} out, or begin another one.")
    if options.frozen and options.from_scratch:
        raise TrainingError("Only pretrained weights can be frozen: leave --from-scratch out, or --frozen.")
    if not options.resume and options.network is None:
        raise TrainingError("Name the network to train, for example: cnnviewer train lenet5 --out RUN")
    if options.more_epochs is not None and not options.resume:
        raise TrainingError("A training that begins has --epochs; --more-epochs belongs to --resume.")


def _plan(options: argparse.Namespace) -> Plan:
    from cnnviewer.datasets import DEFAULT_DATASET, DEFAULT_VALIDATION
    from cnnviewer.networks.architectures import Architecture
    from cnnviewer.training.plan import Plan
    from cnnviewer.training.settings import USUAL_RATES, Settings

    given = {field.name: getattr(options, field.name) for field in fields(Settings)}
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if options.optimiser is not None:
        chosen.setdefault("learning_rate", USUAL_RATES[options.optimiser])
    return Plan(
        architecture=Architecture.named(
            options.network, frozen=bool(options.frozen), pretrained=not options.from_scratch
        ),
        dataset=options.dataset or DEFAULT_DATASET,
        data_folder=options.data,
        download=options.download,
        validation=DEFAULT_VALIDATION if options.validation is None else options.validation,
        settings=Settings.from_json(chosen),
    )


def _train(plan: Plan | None, options: argparse.Namespace, team: Team) -> int:
    # In a function of its own: what talks to the other processes is gone before the team is left.
    from cnnviewer.cli.reports import tell_dataset

    training = _training(plan, options, team)
    if team.is_writer:
        tell_dataset(training.trainer.dataset)
    try:
        return _learn(training, team)
    finally:
        training.close()


def _training(plan: Plan | None, options: argparse.Namespace, team: Team) -> Training:
    from cnnviewer.training.resuming import Changes
    from cnnviewer.training.start import begin, go_on

    progress = tell_progress if team.is_writer else None
    if plan is None:
        changes = Changes(options.device, options.more_epochs or 0, options.dataset, options.data, options.download)
        return go_on(options.out, changes=changes, team=team, tensorboard=options.tensorboard, progress=progress)
    return begin(plan, options.out, team=team, tensorboard=options.tensorboard, progress=progress)


def _learn(training: Training, team: Team) -> int:
    from cnnviewer.cli.reports import reporter

    with _stopped_by_signals(training), reporter(training, is_silent=not team.is_writer) as report:
        for news in training:
            report(news)
    return 0 if training.is_finished else _STOPPED


@contextmanager
def _stopped_by_signals(training: Training) -> Iterator[None]:
    """Let Ctrl+C, and torchrun's end of a process, finish the step under way and write a checkpoint."""

    def stop(number: int, frame: object) -> None:
        print("cnnviewer: stopping after this step; once more breaks it off.", file=sys.stderr)
        training.stop()
        signal.signal(number, before[number])

    before: dict[int, Any] = {}
    for watched in (signal.SIGINT, signal.SIGTERM):
        before[watched] = signal.signal(watched, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
