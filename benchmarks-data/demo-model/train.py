"""Trains the demo model. See README.md for the command, the time it takes and what it gives.

    python train.py --out WORK          # resumes from WORK/state.pt if it is there
"""

import argparse
import os
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import corpus
import tokenizer as bpe
import tune
from export import export
from model import DemoModel, Shape, rotary


SEED, STEPS, TOKENS = 20260101, 1100, 16 * corpus.LENGTH


class Muon(torch.optim.Optimizer):
    """Momentum whose update is made orthogonal by five Newton-Schulz steps (K. Jordan, 2024); for matrices."""

    def __init__(self, params, lr, momentum=0.95, decay=0.0):
        super().__init__(params, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if "m" not in state:
                    state["m"] = torch.zeros_like(p)
                m = state["m"]
                m.lerp_(p.grad, 1 - group["momentum"])
                u = p.grad.lerp(m, group["momentum"]).bfloat16()
                tall = u.shape[0] > u.shape[1]
                u = u.T if tall else u
                u = u / (u.norm() + 1e-7)
                for _ in range(5):
                    a = u @ u.T
                    u = 3.4445 * u + (-4.7750 * a + 2.0315 * a @ a) @ u
                u = u.T if tall else u
                p.mul_(1 - group["lr"] * group["decay"])
                p.add_(u.float(), alpha=-group["lr"] * max(1.0, p.shape[0] / p.shape[1]) ** 0.5)


def schedule(step, steps, decay):
    """Warm-up over 20 steps, constant, then linear to zero over the last share."""
    return min(1.0, (step + 1) / 20, max(0.0, (steps - step) / max(1, decay * steps)))


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--out", type=Path, required=True)
    args.add_argument("--steps", type=int, default=STEPS)
    args.add_argument("--decay", type=float, default=0.4, help="share of the steps in which the rate falls to zero")
    args.add_argument("--tokens", type=int, default=TOKENS)
    args.add_argument("--sampled", type=float, default=0.1, help="share of the merely asked tokens that the loss looks at")
    args.add_argument("--layers", type=int, default=4)
    args.add_argument("--intermediate", type=int, default=512)
    args.add_argument("--vocabulary", type=int, default=4096)
    args.add_argument("--seed", type=int, default=SEED)
    args.add_argument("--threads", type=int, default=1)
    args.add_argument("--save-every", type=int, default=100)
    args.add_argument("--tune-every", type=int, default=100)
    a = args.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    a.out.mkdir(parents=True, exist_ok=True)

    cut = a.out / "tokenizer.json"
    if not cut.exists():
        bpe.train(a.vocabulary, a.seed).save(str(cut))
    tokenizer = Tokenizer.from_file(str(cut))
    shape = Shape(tokenizer.get_vocab_size(), intermediate_size=a.intermediate, num_hidden_layers=a.layers)
    model = DemoModel(shape)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters", flush=True)
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and "embed" not in n]
    rest = [p for n, p in model.named_parameters() if p.dim() == 1]
    table = [model.model.embed_tokens.weight]
    optimizers = [
        (Muon(matrices, 0.02, decay=0.05), 0.02),
        (torch.optim.AdamW(table, lr=5e-3, betas=(0.9, 0.98), weight_decay=0.01), 5e-3),
        (torch.optim.AdamW(rest, lr=2e-3, betas=(0.9, 0.98), weight_decay=0.0), 2e-3),
    ]
    first, spent, seen = 0, 0.0, 0
    state = a.out / "state.pt"
    if state.exists():
        saved = torch.load(state)
        model.load_state_dict(saved["model"])
        for (o, _), s in zip(optimizers, saved["optimizers"]):
            o.load_state_dict(s)
        first, spent, seen = saved["step"], saved["spent"], saved["seen"]
        print(f"continuing at step {first}", flush=True)

    packer = corpus.Packer(tokenizer)
    cos, sin = rotary(shape, corpus.LENGTH)
    hidden = torch.compile(model.hidden, dynamic=False)
    development = tune.Development(tokenizer)
    began, before = time.time(), seen
    mean = None
    for step in range(first, a.steps):
        dice = torch.Generator().manual_seed(a.seed * 100003 + step)
        x, w = (torch.tensor(part) for part in zip(*packer.batch(a.seed, step, a.tokens)))
        w = w[:, 1:].flatten()
        merely = w == corpus.ASKED
        w = torch.where(merely, torch.where(torch.rand(w.shape, generator=dice) < a.sampled, w / a.sampled, 0.0), w)
        chosen = w.nonzero().squeeze(1)
        w = w[chosen]
        with torch.autocast("cpu", torch.bfloat16):
            h = hidden(x[:, :-1], cos[: x.shape[1] - 1], sin[: x.shape[1] - 1]).flatten(0, 1)[chosen]
            logits = F.linear(h, model.model.embed_tokens.weight).float()
        loss = (F.cross_entropy(logits, x[:, 1:].flatten()[chosen], reduction="none") * w).sum() / w.sum()
        loss.backward()
        loss = loss.item()
        for o, rate in optimizers:
            for g in o.param_groups:
                g["lr"] = rate * schedule(step, a.steps, a.decay)
            o.step()
            o.zero_grad(set_to_none=True)
        seen += x.numel()
        mean = loss if mean is None else 0.95 * mean + 0.05 * loss
        if (step + 1) % 10 == 0:
            now = time.time() - began
            print(f"step {step + 1} loss {mean:.4f} tokens {seen:,} seconds {spent + now:.0f} tokens/s {(seen - before) / now:.0f}", flush=True)
        if (step + 1) % a.tune_every == 0 or step + 1 == a.steps:
            print(f"step {step + 1} {development.report(model)}", flush=True)
        if (step + 1) % a.save_every == 0 or step + 1 == a.steps:
            saved = {"model": model.state_dict(), "optimizers": [o.state_dict() for o, _ in optimizers], "step": step + 1, "spent": spent + time.time() - began, "seen": seen}
            torch.save(saved, a.out / "state.pt.part")
            os.replace(a.out / "state.pt.part", a.out / "state.pt")
    export(model, tokenizer, a.out / "fp16")


if __name__ == "__main__":
    main()
