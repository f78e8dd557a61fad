#!/usr/bin/env python3
"""Quantises a folder with GPTQModel on the calibration text that the quantiser here gets, and times it.

Development only. Needs a virtual environment with gptqmodel (7.7.0 was tried; setuptools 77 or newer)
and torch:

    GPTQMODEL_CPU_WORKERS=4 python compare-gptqmodel.py --model DIR --out DIR --calibration FILE \
        --length 512 --group-size 64

Then compare the two folders with the quality table (see the module's README). The text is tokenised
whole and cut into pieces of --length tokens, as `quantgate quantize --calibration FILE` does.
"""
import argparse
import resource
import time

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--out", required=True)
parser.add_argument("--calibration", required=True)
parser.add_argument("--length", type=int, default=512)
parser.add_argument("--group-size", type=int, default=64)
parser.add_argument("--asym", action="store_true")
arguments = parser.parse_args()

from gptqmodel import GPTQModel, QuantizeConfig  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402

ids = AutoTokenizer.from_pretrained(arguments.model)(open(arguments.calibration).read())["input_ids"]
pieces = [
    {"input_ids": ids[i : i + arguments.length], "attention_mask": [1] * arguments.length}
    for i in range(0, len(ids) - arguments.length + 1, arguments.length)
]
if not pieces:
    raise SystemExit(f"{arguments.calibration} has {len(ids)} tokens, less than one piece of {arguments.length}")
print(f"{len(pieces)} pieces of {arguments.length} tokens")
config = QuantizeConfig(bits=4, group_size=arguments.group_size, sym=not arguments.asym)
model = GPTQModel.load(arguments.model, config, device="cpu")
start = time.monotonic()
before = resource.getrusage(resource.RUSAGE_SELF)
model.quantize(pieces, batch_size=1)
after = resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(f"quantised in {time.monotonic() - start:.1f} s, {cpu:.1f} s of processor time")
model.save(arguments.out)
