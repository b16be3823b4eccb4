"""Makes the tables that tell of networks before they are built: ``resources/networks/catalogue.csv``, parameters and
top-1 accuracies, and ``architectures.npz``, with which the architecture of a file of weights is found.

    python tests/benchmarks/make_catalogue.py results-imagenet.csv

with the file of that name from the folder ``results`` of the repository huggingface/pytorch-image-models. It takes some
minutes: each architecture is built, without numbers.
"""

from __future__ import annotations

import argparse
import csv
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cnnviewer.networks import list_networks, recipe_of
from cnnviewer.networks.match_index import write_index
from cnnviewer.networks.outlines import Outline, build_on_meta, outline_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.networks.recipe import Recipe

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "networks"


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the tables of networks.")
    parser.add_argument("results", type=Path, metavar="FILE", help="timm's results-imagenet.csv")
    parser.add_argument(
        "--out", type=Path, default=FOLDER, metavar="FOLDER", help="by default where the program has them"
    )
    options = parser.parse_args()
    top1 = read_top1(options.results)
    known = dict(outlines())
    write_index(
        {name: outline for name, (outline, _) in known.items()},
        {name: variant for name, (_, variant) in known.items()},
        options.out / "architectures.npz",
    )
    write_facts(top1, options.out / "catalogue.csv")
    return 0


def read_top1(path: Path) -> dict[tuple[str, int], str]:
    """Return the top-1 accuracies of timm's pretrained weights, in percent, by name and side of the input."""
    with path.open(encoding="utf-8", newline="") as file:
        return {(f"timm/{row['model']}", int(row["img_size"])): row["top1"] for row in csv.DictReader(file)}


def architectures() -> Iterator[str]:
    """Yield the names of all architectures, in the order in which equal ones are told."""
    from cnnviewer.networks import timm_networks, torchvision_networks

    networks = list_networks()
    yield from (*networks["bundled"], *networks["untrained"])
    yield from torchvision_networks.names()
    yield from sorted(timm_networks.architectures(), key=lambda name: (len(name), name))


def outlines() -> Iterator[tuple[str, tuple[Outline, Outline]]]:
    """Yield each architecture's name, its outline, and that with other classes and channels."""
    for name in architectures():
        recipe = recipe_of(name)
        usual = outline_of(build_on_meta(recipe.skeleton or recipe.build).state_dict())
        yield name, (usual, variant_of(recipe, usual))


def variant_of(recipe: Recipe, usual: Outline) -> Outline:
    """Return the outline with other classes and channels, or as far as the library allows that."""
    if recipe.variant is None:
        return usual
    classes, channels = len(recipe.categories) + 7, recipe.preprocessing.channels + 1
    for wish in ((classes, channels), (classes, None), (None, channels)):
        try:
            return outline_of(build_on_meta(partial(recipe.variant, *wish)).state_dict())
        except Exception as error:
            print(f"{recipe.name}: {wish}: {error}", file=sys.stderr)
    return usual


def write_facts(top1: dict[tuple[str, int], str], path: Path) -> None:
    """Write the facts of the networks of which their libraries don't tell them."""
    from cnnviewer.networks import timm_networks

    networks, known = list_networks(), {}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "parameters", "top1"))
        for name in (*networks["bundled"], *networks["untrained"], *timm_networks.names()):
            recipe = recipe_of(name)
            key = _definition(name)
            if key not in known:
                known[key] = parameters(recipe)
            writer.writerow((name, known[key], top1.get((name, recipe.preprocessing.size[0]), "")))


def _definition(name: str) -> object:
    """Return what is the same for names that mean networks with as many parameters."""
    from cnnviewer.networks import timm_networks

    if not name.startswith("timm/"):
        return name
    config = timm_networks.config(name)
    return name.partition(".")[0], config.get("num_classes"), config.get("input_size")


def parameters(recipe: Recipe) -> int:
    return sum(parameter.numel() for parameter in build_on_meta(recipe.build).parameters())


if __name__ == "__main__":
    sys.exit(main())
