"""Several processes that train one network: started by `torchrun` or `accelerate launch`, or there is only this one."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, distributed


@dataclass(frozen=True)
class Team:
    """This process among those that share a run."""

    rank: int
    size: int
    device: torch.device

    @classmethod
    def join(cls) -> "Team":
        """Join the others, if the launcher started any: it says so in the environment."""
        rank, size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        gpu = torch.cuda.is_available()
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if gpu else torch.device("cpu")
        if size > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if gpu else "gloo")
        return cls(rank, size, device)

    def add_up(self, weights: Sequence[Tensor], loss: Tensor) -> None:
        """Add up gradients and the loss over all processes, in place."""
        if self.size == 1:
            return
        for weight in weights:  # in the same order everywhere; a process without a part has no gradient yet
            used = torch.tensor(float(weight.grad is not None), device=weight.device)
            distributed.all_reduce(used)
            if used:
                if weight.grad is None:
                    weight.grad = torch.zeros_like(weight)
                distributed.all_reduce(weight.grad)
        shared = loss.to(self.device)
        distributed.all_reduce(shared)
        loss.copy_(shared)
