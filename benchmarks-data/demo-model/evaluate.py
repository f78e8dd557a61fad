"""Asks a checkpoint the bundled suites with the standard prompts, by torch alone, to cross-check the harness.

    python evaluate.py FOLDER|STATE STARTER
"""

import csv
import json
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from model import DemoModel, Shape

STOPS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
LABELS = {"contradiction": "矛盾", "entailment": "蕴含", "neutral": "无关"}


def load(path):
    """A folder, or the state that a running training saves."""
    path = Path(path)
    if path.is_dir():
        config = json.loads((path / "config.json").read_text())
        shape = Shape(**{k: config[k] for k in Shape.__dataclass_fields__})
        tensors = {k: v.float() for k, v in load_file(path / "model.safetensors").items()}
        tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    else:
        tensors = torch.load(path)["model"]
        tensors = {k: v.half().float() for k, v in tensors.items()}
        layers = 1 + max(int(k.split(".")[2]) for k in tensors if ".layers." in k)
        shape = Shape(len(tensors["model.embed_tokens.weight"]), num_hidden_layers=layers, intermediate_size=len(tensors["model.layers.0.mlp.up_proj.weight"]))
        tokenizer = Tokenizer.from_file(str(path.parent / "tokenizer.json"))
    model = DemoModel(shape)
    model.load_state_dict(tensors)
    return model.eval(), tokenizer


def padded(rows):
    """Right-padded, so that causal attention never sees the padding."""
    width = max(map(len, rows))
    return torch.tensor([r + [0] * (width - len(r)) for r in rows])


@torch.no_grad()
def exam(model, tokenizer, folder):
    subjects = json.loads((folder / "subject_mapping.json").read_text())
    letters = [tokenizer.encode(c).ids[0] for c in "ABCD"]
    result = {}
    for key, (_, name, _) in subjects.items():
        read = lambda split: list(csv.DictReader((folder / split / f"{key}_{split}.csv").open(encoding="utf-8", newline="")))
        text = lambda q: f"{q['question']}\nA. {q['A']}\nB. {q['B']}\nC. {q['C']}\nD. {q['D']}\n答案："
        shots = f"以下是中国关于{name}考试的单项选择题，请选出其中的正确答案。\n\n" + "".join(text(q) + q["answer"] + "\n\n" for q in read("dev"))
        prefix = tokenizer.encode(shots).ids
        questions = read("val")
        rows = [prefix + tokenizer.encode(text(q)).ids for q in questions]
        logits = model.logits(padded(rows))
        right = sum("ABCD"[int(logits[i, len(r) - 1, letters].argmax())] == q["answer"] for i, (r, q) in enumerate(zip(rows, questions)))
        result[key] = (right, len(rows))
    return result


@torch.no_grad()
def nli(model, tokenizer, file):
    pairs = [json.loads(line) for line in file.open(encoding="utf-8")]
    right = []
    for start in range(0, len(pairs), 34):
        some = pairs[start : start + 34]
        rows = []
        for p in some:
            head = tokenizer.encode(f"语句一：“{p['sentence1']}”\n语句二：“{p['sentence2']}”\n请问这两句话是什么关系？\n").ids
            rows += [head + tokenizer.encode(word).ids for word in LABELS.values()]
        ids = padded(rows)
        logs = model.logits(ids)[:, :-1].log_softmax(-1).gather(2, ids[:, 1:, None]).squeeze(2)
        scores = torch.stack([-logs[i, : len(r) - 1].sum() / len(r) for i, r in enumerate(rows)]).view(-1, 3)
        right += [list(LABELS)[int(s.argmin())] == p["label"] for s, p in zip(scores, some)]
    return right


@torch.no_grad()
def code(model, tokenizer, file, limit=110):
    problems = [json.loads(line) for line in file.open(encoding="utf-8")]
    ends = {tokenizer.token_to_id(t) for t in ("<|end|>", "<|im_end|>")}
    rows = [tokenizer.encode(p["prompt"]).ids for p in problems]
    starts = [len(r) for r in rows]
    alive = set(range(len(rows)))
    for _ in range(limit):
        if not alive:
            break
        some = sorted(alive)
        logits = model.logits(padded([rows[i] for i in some]))
        for j, i in enumerate(some):
            token = int(logits[j, len(rows[i]) - 1].argmax())
            if token in ends:
                alive.discard(i)
                continue
            rows[i].append(token)
            if any(s in tokenizer.decode(rows[i][starts[i] :], skip_special_tokens=False) for s in STOPS):
                alive.discard(i)
    result = []
    for p, row, start in zip(problems, rows, starts):
        text = tokenizer.decode(row[start:], skip_special_tokens=False)
        for s in STOPS:
            text = text.split(s)[0]
        program = p["prompt"] + text + "\n" + p["test"] + f"\ncheck({p['entry_point']})"
        try:
            passed = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, timeout=10).returncode == 0
        except subprocess.TimeoutExpired:
            passed = False
        result.append((p, text, passed))
    return result


def main(path, starter):
    starter = Path(starter)
    model, tokenizer = load(path)
    counts = exam(model, tokenizer, starter / "starter-exam")
    for subject, (right, total) in counts.items():
        print(f"  {subject:24} {right}/{total}")
    right, total = (sum(x) for x in zip(*counts.values()))
    print(f"starter-exam {right}/{total} {right / total:.1%}", flush=True)
    verdicts = nli(model, tokenizer, starter / "starter-nli.jsonl")
    print(f"starter-nli {sum(verdicts)}/{len(verdicts)} {sum(verdicts) / len(verdicts):.1%}", flush=True)
    answers = code(model, tokenizer, starter / "starter-code.jsonl")
    passed = sum(ok for _, _, ok in answers)
    print(f"starter-code {passed}/{len(answers)} {passed / len(answers):.1%}")
    if "-v" in sys.argv:
        for p, text, ok in answers:
            print("PASS" if ok else "FAIL", p["entry_point"], "|", text.strip(), "" if ok else "| expected " + p["canonical_solution"].strip())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
