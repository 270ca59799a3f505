"""Several processes that train one network: started by `torchrun` or `accelerate launch`, or there is only this one."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, distributed


@dataclass(frozen=True)
class Team:
    """This process among those that share a run. The first one decides, reports and writes."""

    rank: int
    size: int
    device: torch.device

    @classmethod
    def join(cls) -> "Team":
        """Join the others, if the launcher started any: it says so in the environment."""
        rank, size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        gpu = torch.cuda.is_available()
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if gpu else torch.device("cpu")
        if gpu:
            torch.cuda.set_device(device)
        if size > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if gpu else "gloo")
        return cls(rank, size, device)

    @property
    def first(self) -> bool:
        """Whether this process writes and reports."""
        return self.rank == 0

    def add_up(self, weights: Sequence[Tensor], loss: Tensor) -> None:
        """Add up gradients and the loss over all processes, in place. Who worked on no part has no gradient yet."""
        if self.size == 1:
            return
        used = torch.tensor([float(weight.grad is not None) for weight in weights], device=self.device)
        gradients = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
        flat = torch.cat([loss.to(self.device).reshape(1), used, *(rows.flatten() for rows in gradients)])
        distributed.all_reduce(flat)
        loss.copy_(flat[0])
        sizes = [weight.numel() for weight in weights]
        parts = flat[1 + len(weights) :].split(sizes)  # type: ignore[no-untyped-call]
        for weight, some, rows in zip(weights, flat[1 : 1 + len(weights)].tolist(), parts, strict=True):
            weight.grad = rows.view_as(weight) if some else None

    def agreed(self, number: float) -> float:
        """The first process's number: a clock or a last digit must not part the others from it."""
        if self.size == 1:
            return number
        shared = torch.tensor(number, dtype=torch.float64, device=self.device)
        distributed.broadcast(shared, 0)
        return float(shared)

    def leave(self) -> None:
        """Wait until all are done, and part."""
        if self.size > 1:
            distributed.barrier()
            distributed.destroy_process_group()
