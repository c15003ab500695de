"""The training of the course on several GPUs (or processes), by Hugging Face's accelerate.

    pip install accelerate
    accelerate launch --multi_gpu examples/several_gpus.py --model resnet50 --epochs 30
    ACCELERATE_USE_CPU=1 torchrun --nproc_per_node 2 examples/several_gpus.py --pond tiny --epochs 1

The launcher starts a process for each GPU; each takes its share of every epoch's windows, and the gradients are
averaged. The second line tries the same with two processes on the processor (accelerate's own launcher starts only one
there).
The network is then used like any other: `al.load_model`, `al.predict`.
"""

import argparse

from accelerate import Accelerator

import anuralib as al


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="small_cnn")
    parser.add_argument("--pond", default="mini")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--out", default="model.pt")
    chosen = parser.parse_args()
    accelerator = Accelerator()
    pond = al.load_dataset("pond", size=chosen.pond)
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    windows = al.stratified_split(windows, seed=0)
    train = windows[windows["subset"] == "train"]
    features = al.window_features(train, pond, progress=accelerator.is_main_process)
    model = al.build_model(chosen.model, pond.species)
    data, first = (features, train[pond.species]), accelerator.is_main_process
    al.fit(model, data, epochs=chosen.epochs, batch_size=64, accelerator=accelerator,
           progress=first, on_epoch=lambda _, row: accelerator.print(f"epoch {row['epoch']}: loss {row['train_loss']}"))
    if accelerator.is_main_process:
        al.save_model(model.cpu(), chosen.out)
    accelerator.end_training()


if __name__ == "__main__":
    main()
