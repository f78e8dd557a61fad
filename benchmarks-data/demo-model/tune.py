"""How well a model does what the suites ask, on items of the part TUNE: what training is steered by, never trained on nor bundled.

    python tune.py FOLDER|STATE
"""

import random
import sys

import torch

import corpus
import exam
import programs
import sentences
from split import TUNE

SEED = 11


class Development:
    """Fixed items, asked in one pass each: an answer counts as right if every token of it is the likeliest after what stands before it."""

    def __init__(self, tokenizer, questions=12, pairs=120, problems=100):
        rng = random.Random(f"{SEED}/tune")
        code = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
        self.items = {}
        for s in exam.SUBJECTS:
            for _ in range(-(-questions // 6)):
                shots = "".join(q.body() + q.letter + "\n\n" for q in (exam.question(rng, s, corpus.TRAIN) for _ in range(5)))
                for _ in range(min(6, questions)):
                    q = exam.question(rng, s, TUNE)
                    self.add(f"exam {s}", code(exam.header(s) + shots + q.body()), code(q.letter))
        for _ in range(pairs):
            p = sentences.pair(rng, TUNE)
            self.add("pairs", code(p.text()), code(sentences.CHINESE[p.label]))
        for _ in range(problems):
            p = programs.problem(rng, TUNE)
            self.add("code " + p.key.split("/")[0], code(p.prompt()), code(p.body) + [tokenizer.token_to_id(corpus.END)])

    def add(self, kind, head, answer):
        self.items.setdefault(kind, []).append((head, answer))

    @torch.no_grad()
    def counts(self, model):
        """kind -> (right, of)"""
        result = {}
        for kind, items in self.items.items():
            width = max(len(h) + len(a) for h, a in items)
            ids = torch.tensor([h + a + [0] * (width - len(h) - len(a)) for h, a in items])
            with torch.autocast("cpu", torch.bfloat16):
                likeliest = model.logits(ids).argmax(-1)
            right = sum(likeliest[i, len(h) - 1 : len(h) + len(a) - 1].tolist() == a for i, (h, a) in enumerate(items))
            result[kind] = (right, len(items))
        return result

    def report(self, model):
        counts = self.counts(model)
        whole = {}
        for kind, (right, of) in counts.items():
            suite = kind.split()[0]
            whole[suite] = tuple(map(sum, zip(whole.get(suite, (0, 0)), (right, of))))
        parts = " ".join(f"{k.split()[1][:11]} {r}/{n}" for k, (r, n) in counts.items() if " " in k)
        return " ".join(f"{k} {r}/{n}" for k, (r, n) in whole.items()) + f" ({parts})"


if __name__ == "__main__":
    from evaluate import load

    model, tokenizer = load(sys.argv[1])
    print(Development(tokenizer, 60, 600, 400).report(model))
