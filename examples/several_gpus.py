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

import torch
from accelerate import Accelerator

import anuralib as al
from anuralib.learn.models import set_normalisation


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
    torch.manual_seed(0)
    model = al.build_model(chosen.model, pond.species)
    set_normalisation(model, features)
    pairs = torch.utils.data.TensorDataset(torch.tensor(features), torch.tensor(train[pond.species].to_numpy()).float())
    loader = torch.utils.data.DataLoader(pairs, batch_size=64, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    for epoch in range(chosen.epochs):
        for batch, labels in loader:
            loss = al.losses.bce(model(batch), labels)
            optimizer.zero_grad()
            accelerator.backward(loss)
            optimizer.step()
        accelerator.print(f"epoch {epoch + 1}: loss of the last batch {loss.item():.4f}")
    if accelerator.is_main_process:
        al.save_model(accelerator.unwrap_model(model).cpu(), chosen.out)


if __name__ == "__main__":
    main()
