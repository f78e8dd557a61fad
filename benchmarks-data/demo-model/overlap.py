"""Shows that no bundled item was trained on, and leaves fingerprints so that the build can check it again without Python.

    python overlap.py WORK/tokenizer.json STEPS STARTER FINGERPRINTS_FOLDER

Generates the training text of that many steps once more, brings every item in it to a normal form, and looks for the bundled
items among them. The normal form forgets what does not make an item another one: a question is its wording and its right
answer, whatever the other choices; a problem is its docstring without constants; a pair is its two sentences. The
fingerprints are a Bloom filter of 24 bits an item and 8 hashes: an item that was trained on is always found, another one with
probability 4e-5.
"""

import csv
import hashlib
import json
import random
import re
import sys
from pathlib import Path

from tokenizers import Tokenizer

import corpus

QUESTION = re.compile(r"([^\n]+)\nA\. ([^\n]*)\nB\. ([^\n]*)\nC\. ([^\n]*)\nD\. ([^\n]*)\n答案：(?:<\|im_end\|>\n<\|im_start\|>assistant\n)?([ABCD])")
RECALL = re.compile(r"^(?![A-D]\. )([^\n]+)\n答案：([^\n]+)", re.MULTILINE)
PAIR = re.compile(r"语句一：“([^”]*)”\n语句二：“([^”]*)”")
PROGRAM = re.compile(r'"""([^\n]*)\n')
TALK = re.compile(r"<\|im_start\|>user\n([^\n]*)<\|im_end\|>\n<\|im_start\|>assistant\n([^\n]*)<\|im_end\|>")


def bare(text):
    return re.sub(r"\s", "", text)


def exam_form(question, answer):
    return bare(f"exam|{question}|{answer}")


def pair_form(first, second):
    return bare(f"pair|{first}|{second}")


def program_form(docstring):
    text = re.sub(r"^(Return|Compute) ", "", docstring)
    return bare("code|" + re.sub(r"\b[0-9]+\b", "0", re.sub(r"'[a-z]'", "'?'", text)))


def forms(text):
    """The normal forms of all items in a training document."""
    for q, *rest in QUESTION.findall(text):
        yield exam_form(q, rest["ABCD".index(rest[4])])
    for q, a in RECALL.findall(text):
        yield exam_form(q, a)
    for a, b in PAIR.findall(text):
        yield pair_form(a, b)
    for line in PROGRAM.findall(text):
        if line.strip():
            yield program_form(line)
    for q, a in TALK.findall(text):
        yield exam_form(q, a)


def bundled(starter):
    for line in (starter / "starter-code.jsonl").open(encoding="utf-8"):
        yield program_form(PROGRAM.search(json.loads(line)["prompt"]).group(1))
    for line in (starter / "starter-nli.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        yield pair_form(row["sentence1"], row["sentence2"])
    for file in sorted((starter / "starter-exam/val").glob("*.csv")):
        for row in csv.DictReader(file.open(encoding="utf-8", newline="")):
            yield exam_form(row["question"], row[row["answer"]])


class Listener(corpus.Packer):
    def __init__(self, tokenizer):
        super().__init__(tokenizer)
        self.heard = set()

    def encode(self, pieces):
        self.heard.update(forms("".join(text for text, _ in pieces)))
        return super().encode(pieces)


def positions(form, bits):
    digest = hashlib.sha256(form.encode("utf-8")).digest()
    return [int.from_bytes(digest[4 * i : 4 * i + 4], "big") % bits for i in range(8)]


def main(tokenizer, steps, starter, out):
    from train import SEED, TOKENS

    listener = Listener(Tokenizer.from_file(tokenizer))
    for step in range(int(steps)):
        listener.batch(SEED, step, TOKENS)
    trained = listener.heard
    asked = list(bundled(Path(starter)))
    common = sorted(trained.intersection(asked))
    print(f"{len(trained):,} distinct items trained on, {len(asked)} bundled, {len(common)} in both")
    if common:
        sys.exit("\n".join(common))
    bits = 24 * len(trained)
    table = bytearray(3 * len(trained))
    for form in trained:
        for p in positions(form, bits):
            table[p >> 3] |= 1 << (p & 7)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "training-fingerprints.bin").write_bytes(bytes(table))
    sample = random.Random(SEED).sample(sorted(trained), 200)
    (out / "training-sample.txt").write_text("\n".join(sample) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:5])
