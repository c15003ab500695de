"""The experiment of the AnuraSet paper (Cañas et al. 2023) in one command.

    python -m anuralib.paper --root anuraset --out results
    python -m anuralib.paper --root anuraset --out trial --recordings 40 --networks resnet18 --epochs 1 --steps 20

From recordings, or from the published windows, through windows, a split, pictures and networks to the paper's Table 2,
Figure 5 and Figure 6, with what the course adds: intervals, sets of species, thresholds, sites left out. A run that
was stopped goes on where it was, by the same command. What is where says README.md in the folder of results.
"""

import argparse
import dataclasses

from anuralib.data.load import load_dataset
from anuralib.learn.models import MODELS
from anuralib.paper.experiment import Options, run
from anuralib.paper.material import some_recordings
from anuralib.paper.recipes import RECIPES


def _parser():
    parser = argparse.ArgumentParser(prog="python -m anuralib.paper", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    add = parser.add_argument
    add("--root", required=True, help="folder of AnuraSet: raw_data, strong_labels, species.csv; or the windows")
    add("--out", required=True, help="folder for the results")
    add("--recipe", choices=sorted(RECIPES), default="paper", help="the published choices, or the course's own")
    add("--networks", nargs="+", choices=MODELS, metavar="NAME", help="in place of the recipe's, such as resnet18")
    add("--weights", default="auto", help="ImageNet weights to begin from: auto (if torchvision fetched them before), "
        "imagenet (fetch them), none, or a file or folder of them")  # fmt: skip
    add("--recordings", type=int, metavar="N", help="so many recordings only, from all sites")
    add("--resize", type=int, nargs=2, metavar=("ROWS", "COLUMNS"), help="in place of the recipe's")
    add("--epochs", type=int, help="in place of the recipe's")
    add("--steps", type=int, help="at most so many batches an epoch: to try it out")
    add("--seed", type=int, default=0)
    add("--device", default="auto", help="auto, cpu, cuda, mps")
    add("--precision", default="auto", choices=("auto", "float32", "bfloat16"), help="auto: bfloat16 on CUDA")
    add("--processes", type=int, default=1, metavar="N", help="GPUs that train a network together (by accelerate)")
    add("--loso", action="store_true", help="leave one site out, too: a training for each site and network")
    add("--draws", type=int, default=1000, help="of recordings, for the intervals")
    add("--jobs", type=int, metavar="N", help="workers that read and cut; one per core if not given")
    add("--quiet", action="store_true", help="no progress bars")
    return parser


def main(arguments=None):
    """Run the command; `arguments` is a list of words, by default those of the command line."""
    parser = _parser()
    told = parser.parse_args(arguments)
    recipe = RECIPES[told.recipe]
    changed = {"networks": told.networks and tuple(told.networks), "epochs": told.epochs,
               "resize": told.resize and tuple(told.resize)}  # fmt: skip
    recipe = dataclasses.replace(recipe, **{key: value for key, value in changed.items() if value is not None})
    try:
        dataset = some_recordings(load_dataset("anuraset", told.root, on_error="skip"), told.recordings, told.seed)
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    options = Options(told.weights, told.seed, told.device, told.precision, told.steps, told.processes, told.loso,
                      told.draws, told.jobs, not told.quiet)  # fmt: skip
    print(f"done: {run(dataset, told.out, recipe, options)}")


if __name__ == "__main__":
    main()
