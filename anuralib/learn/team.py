"""Several processes that train one network, each on its own GPU, by Hugging Face's accelerate.

Each takes its share of the windows of every batch, and the gradients are averaged. The first process alone keeps the
files and judges the epochs; what it found, the others are handed.
"""

import torch


class Team:
    """The processes that train together; without an accelerator this one alone.

    Parameters
    ----------
    accelerator : accelerate.Accelerator, optional

    Attributes
    ----------
    size, rank : int
        How many processes there are, and which of them this is.
    """

    def __init__(self, accelerator=None):
        self._accelerator = accelerator if accelerator is not None and accelerator.num_processes > 1 else None
        self.size = 1 if self._accelerator is None else accelerator.num_processes
        self.rank = 0 if self._accelerator is None else accelerator.process_index

    @property
    def leads(self):
        """Whether this is the first process."""
        return self.rank == 0

    def wrap(self, model):
        """The network whose gradients are averaged over all processes; its weights are those of the first."""
        return model if self._accelerator is None else self._accelerator.prepare_model(model)

    def share(self, rows):
        """This process's part of the rows of a batch."""
        return rows[self.rank :: self.size]

    def agree(self, find):
        """What a function gives in the first process, which alone calls it."""
        found = find() if self.leads else None
        if self._accelerator is None:
            return found
        box = [found]
        torch.distributed.broadcast_object_list(box, src=0)
        return box[0]

    def total(self, value):
        """The sum of a number over all processes."""
        if self._accelerator is None:
            return value
        number = torch.tensor(value, dtype=torch.float32, device=self._accelerator.device)
        return self._accelerator.reduce(number, "sum").item()
