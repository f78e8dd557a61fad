#!/usr/bin/env python3
"""Quantises one folder with GPTQModel and with QuantGate on the same calibration text, and times both.

Development only. Needs a virtual environment with gptqmodel (7.7.0 was tried; setuptools 77 or newer)
and torch:

    GPTQMODEL_CPU_WORKERS=4 python compare-gptqmodel.py --model DIR --work DIR --calibration FILE \
        --length 512 --group-size 64 [--layers 6] [--quantgate PATH]

WORK gets `gptqmodel` and `quantgate`, the two folders; their quality is then shown by
`quantgate quality --text HELD_OUT DIR WORK/gptqmodel WORK/quantgate`. With --layers both quantise a copy
of the model cut down to its first N blocks, for a comparison of time alone. The text is tokenised whole
and cut into pieces of --length tokens by both.
"""
import argparse
import json
import pathlib
import resource
import shutil
import subprocess
import time

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True, type=pathlib.Path)
parser.add_argument("--work", required=True, type=pathlib.Path)
parser.add_argument("--calibration", required=True)
parser.add_argument("--length", type=int, default=512)
parser.add_argument("--group-size", type=int, default=64)
parser.add_argument("--asym", action="store_true")
parser.add_argument("--layers", type=int, help="only so many blocks, the first ones")
parser.add_argument("--quantgate", default=str(pathlib.Path(__file__).resolve().parents[3] / "quantgate"))
arguments = parser.parse_args()

from gptqmodel import GPTQModel, QuantizeConfig  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402


def cut(source, target, layers):
    """A copy of the folder with its first blocks only."""
    target.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        if file.suffix != ".safetensors" and file.is_file():
            shutil.copy(file, target)
    config = json.loads((source / "config.json").read_text())
    config["num_hidden_layers"] = layers
    (target / "config.json").write_text(json.dumps(config, indent=2))
    kept = {}
    for file in source.glob("*.safetensors"):
        for name, tensor in load_file(file).items():
            parts = name.split(".")
            if "layers" not in parts or int(parts[parts.index("layers") + 1]) < layers:
                kept[name] = tensor
    save_file(kept, target / "model.safetensors", metadata={"format": "pt"})
    return target


def used(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


model_folder = arguments.model
if arguments.layers:
    model_folder = cut(arguments.model, arguments.work / f"first-{arguments.layers}", arguments.layers)
ids = AutoTokenizer.from_pretrained(model_folder)(open(arguments.calibration).read())["input_ids"]
pieces = [
    {"input_ids": ids[i : i + arguments.length], "attention_mask": [1] * arguments.length}
    for i in range(0, len(ids) - arguments.length + 1, arguments.length)
]
if not pieces:
    raise SystemExit(f"{arguments.calibration} has {len(ids)} tokens, less than one piece of {arguments.length}")
print(f"{len(pieces)} pieces of {arguments.length} tokens")

ours = arguments.work / "quantgate"
shutil.rmtree(ours, ignore_errors=True)
command = [
    arguments.quantgate, "quantize", "--quiet", "--model", model_folder, "--out", ours,
    "--calibration", arguments.calibration, "--length", str(arguments.length),
    "--sequences", str(len(pieces)), "--group-size", str(arguments.group_size),
]
subprocess.run([arguments.quantgate, "--version"], check=True, stdout=subprocess.DEVNULL)  # builds it
start, before = time.monotonic(), used(resource.RUSAGE_CHILDREN)
subprocess.run(command + (["--asymmetric"] if arguments.asym else []), check=True, stdout=subprocess.DEVNULL)
our_time, our_cpu = time.monotonic() - start, used(resource.RUSAGE_CHILDREN) - before
print(f"quantgate: {our_time:.1f} s, {our_cpu:.1f} s of processor time, loading and saving included", flush=True)

config = QuantizeConfig(bits=4, group_size=arguments.group_size, sym=not arguments.asym)
model = GPTQModel.load(str(model_folder), config, device="cpu")
start, before = time.monotonic(), used(resource.RUSAGE_SELF)
model.quantize(pieces, batch_size=1)
their_time, their_cpu = time.monotonic() - start, used(resource.RUSAGE_SELF) - before
model.save(str(arguments.work / "gptqmodel"))
print(f"GPTQModel: {their_time:.1f} s, {their_cpu:.1f} s of processor time, loading and saving not included")
print(f"{their_time / our_time:.1f} times by the clock, {their_cpu / our_cpu:.1f} times by processor time")
