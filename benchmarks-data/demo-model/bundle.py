"""Puts the trained folder, the questions for calibration and, where there is one, the int4 folder into the resources.

    python bundle.py WORK/fp16 RESOURCES/demo [INT4]
"""

import hashlib
import json
import random
import shutil
import sys
from pathlib import Path

import corpus
from overlap import bundled, forms
from train import SEED

MODEL = ("config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")


def questions(count, taken):
    """What a user of the demo model would ask, of the kind that it was trained on, no bundled item among them."""
    rng = random.Random(f"{SEED}/align")
    found = {}
    while len(found) < count:
        user, assistant = corpus.chat(rng)
        text = f"{corpus.START}user\n{user}{corpus.STOP}\n{corpus.START}assistant\n{assistant}{corpus.STOP}"
        if not taken.intersection(forms(text)):
            found[user] = None
    return list(found)


def main(model, out, int4=None):
    out = Path(out)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / "fp16").mkdir()
    for name in MODEL:
        shutil.copyfile(Path(model) / name, out / "fp16" / name)
    if int4:
        shutil.copytree(int4, out / "int4")
    taken = set(bundled(out.parent / "starter"))
    lines = [json.dumps({"question": q}, ensure_ascii=False) + "\n" for q in questions(160, taken)]
    (out / "align-questions.jsonl").write_text("".join(lines), encoding="utf-8")
    files = sorted(p for p in out.rglob("*") if p.is_file())
    (out / "manifest.sha256").write_text(
        "".join(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(out).as_posix()}\n" for p in files)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
