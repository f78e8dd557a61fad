#!/usr/bin/env python3
"""A ruler for the gate: pairs of models of which it is known what was lost, judged by `quantgate run`.

    python ruler.py --model DIR --work DIR [--items N] [--limit N] [--quantgate COMMAND] [-- OPTIONS]

Development only; needs numpy. DIR is a folder with fp16 weights. WORK gets, made once:

  int4    round-to-nearest codes of the model, with scales of 7 significant bits
  fp16    the same weights widened: scale times code fits fp16 exactly, so nothing is lost between the two
  theta   int4 with a base of the rotary positions that is 1,000 times smaller
  zeros   int4 with zero points off by one
  bits3   int4 with codes rounded to every other one, as 3 bits have them
  lines.yaml, lines.jsonl   which of four lines continues this file, from this project's own files

Then each folder but fp16 is judged against fp16, with --stop-when-decided and whole. The baseline is
asked once, whole, and reused; what is finished is not asked again. OPTIONS go to `quantgate run`, such as
--threads 1. Prints a Markdown table; its seconds are the candidate's.
"""
import argparse
import collections
import datetime
import json
import pathlib
import random
import re
import shlex
import shutil
import subprocess
import sys

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCALE_BITS = 7
CONTEXT_LINES = 4
CONTEXT_LETTERS = 80
LINE_LETTERS = (12, 28)
SEED = 1

parser = argparse.ArgumentParser(usage=__doc__)
parser.add_argument("--model", required=True, type=pathlib.Path)
parser.add_argument("--work", required=True, type=pathlib.Path)
parser.add_argument("--items", type=int, default=2000)
parser.add_argument("--limit", type=int, help="ask only so many of the items, the same everywhere")
parser.add_argument("--group-size", type=int, default=64)
parser.add_argument("--quantgate", default=str(ROOT / "quantgate"))
parser.add_argument("options", nargs="*")
arguments = parser.parse_args()
WORK = arguments.work.resolve()


# ---- checkpoints

def read(folder):
    """Tensors by name, of all files of a folder."""
    tensors = {}
    types = {"F16": numpy.float16, "F32": numpy.float32, "I32": numpy.int32, "BF16": numpy.uint16}
    for file in sorted(folder.glob("*.safetensors")):
        data = file.read_bytes()
        length = int.from_bytes(data[:8], "little")
        for name, entry in json.loads(data[8 : 8 + length]).items():
            if name != "__metadata__":
                begin, end = (8 + length + at for at in entry["data_offsets"])
                values = numpy.frombuffer(data[begin:end], types[entry["dtype"]])
                tensors[name] = (entry["dtype"], values.reshape(entry["shape"]))
    return tensors


def write(folder, source, tensors, config):
    """A folder with these tensors and this config, and the source's tokenizer."""
    folder.mkdir(parents=True)
    for file in source.iterdir():
        if file.name.startswith("tokenizer") or file.name in ("generation_config.json", "chat_template.jinja",
                                                              "special_tokens_map.json"):
            shutil.copy(file, folder)
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, (kind, values) in tensors.items():
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for _, values in tensors.values():
            out.write(numpy.ascontiguousarray(values).tobytes())
    (folder / "config.json").write_text(json.dumps(config, indent=2))


def unpack(words, axis):
    """The eight codes of each int32, along an axis."""
    codes = numpy.stack([(words.view(numpy.uint32) >> (4 * i)) & 15 for i in range(8)], axis + 1)
    shape = list(words.shape)
    shape[axis] *= 8
    return codes.reshape(shape)


def pack(codes, axis):
    shape = list(codes.shape)
    shape[axis : axis + 1] = [shape[axis] // 8, 8]
    parts = codes.astype(numpy.uint32).reshape(shape)
    words = numpy.zeros([each for i, each in enumerate(shape) if i != axis + 1], numpy.uint32)
    for i in range(8):
        words |= numpy.take(parts, i, axis + 1) << numpy.uint32(4 * i)
    return words.view(numpy.int32)


def coarse(scales):
    """Scales with so few bits that a product with a code of 4 bits fits fp16."""
    step = numpy.float32(2) ** (numpy.floor(numpy.log2(scales.astype(numpy.float32))) + 1 - SCALE_BITS)
    return (numpy.rint(scales.astype(numpy.float32) / step) * step).astype(numpy.float16)


def changed(tensors, suffix, change):
    return {name: (kind, change(values) if name.endswith(suffix) else values)
            for name, (kind, values) in tensors.items()}


def widened(tensors, first_zero):
    wide = {}
    for name, (kind, values) in tensors.items():
        layer, _, part = name.rpartition(".")
        if part in ("qzeros", "scales", "g_idx"):
            continue
        if part != "qweight":
            wide[name] = (kind, values)
            continue
        codes = unpack(values, 0).astype(numpy.float32)
        zeros = unpack(tensors[layer + ".qzeros"][1], 1).astype(numpy.float32) + first_zero
        group = numpy.arange(codes.shape[0]) // (codes.shape[0] // zeros.shape[0])
        if layer + ".g_idx" in tensors:
            group = tensors[layer + ".g_idx"][1]
        exact = tensors[layer + ".scales"][1].astype(numpy.float32)[group] * (codes - zeros[group])
        half = exact.astype(numpy.float16)
        assert (half.astype(numpy.float32) == exact).all(), name + ": fp16 would lose something"
        wide[layer + ".weight"] = ("F16", numpy.ascontiguousarray(half.T))
    return wide


def make_models():
    raw = WORK / "raw"
    if not raw.exists():
        quantgate("quantize", "--quiet", "--model", arguments.model, "--out", raw, "--method", "rtn",
                  "--group-size", arguments.group_size, made=raw / "config.json")
    if (WORK / "bits3").exists():
        return
    config = json.loads((raw / "config.json").read_text())
    settings = config["quantization_config"]
    first_zero = 0 if settings.get("checkpoint_format") == "gptq_v2" else 1
    int4 = changed(read(raw), ".scales", coarse)
    wide = {key: value for key, value in config.items() if key != "quantization_config"}
    write(WORK / "fp16", raw, widened(int4, first_zero), wide)
    write(WORK / "int4", raw, int4, config)
    theta = json.loads(json.dumps(config))
    place = theta.get("rope_parameters") or theta
    place["rope_theta"] = place.get("rope_theta", 10000.0) / 1000
    write(WORK / "theta", raw, int4, theta)
    any_zero = {**config, "quantization_config": {**settings, "sym": False}}  # else they are refused
    write(WORK / "zeros", raw, changed(int4, ".qzeros", lambda q: pack(unpack(q, 1) ^ 1, 1)), any_zero)
    every_other = lambda q: pack(numpy.clip(2 * numpy.rint(unpack(q, 0) / 2), 0, 14), 0)
    write(WORK / "bits3", raw, changed(int4, ".qweight", every_other), config)


# ---- the suite

def usable(line):
    return LINE_LETTERS[0] <= len(line) <= LINE_LETTERS[1] and re.search(r"[a-z]{3}", line)


def make_suite():
    """Items from this project's sources and documents (Apache-2.0), the same for the same files."""
    if (WORK / "lines.yaml").exists():
        return
    draw = random.Random(SEED)
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "*.java", "*.md"], capture_output=True, text=True,
                            check=True).stdout.split()
    places, others = [], collections.defaultdict(list)
    for name in listed:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        kind = pathlib.Path(name).suffix
        for at, line in enumerate(lines):
            if usable(line.strip()) and not line.startswith(("import ", "package ")):
                others[kind, len(line) - len(line.lstrip())].append((name, line.strip()))
                if at >= CONTEXT_LINES:
                    places.append((name, at, kind, lines))
    draw.shuffle(places)
    rows, seen = [], set()
    for name, at, kind, lines in places:
        right = lines[at].strip()
        indent = len(lines[at]) - len(lines[at].lstrip())
        before = "\n".join(lines[max(0, at - CONTEXT_LINES) : at])[-CONTEXT_LETTERS:]
        wrong = {text for file, text in draw.sample(others[kind, indent], min(40, len(others[kind, indent])))
                 if file != name and text != right and abs(len(text) - len(right)) <= 8}
        if len(wrong) < 3 or (before, right) in seen:
            continue
        seen.add((before, right))
        choices = sorted(wrong)[:3]
        answer = draw.randrange(4)
        choices.insert(answer, right)
        rows.append({"id": f"{name}:{at + 1}", "file": name, "before": before + "\n" + " " * indent,
                     "choices": choices, "answer": answer})
        if len(rows) == arguments.items:
            break
    with open(WORK / "lines.jsonl", "w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (WORK / "lines.yaml").write_text(
        "name: lines\ndata: lines.jsonl\nmetric: choice\nrule: mean\ntemplate: \"{{before}}\"\n"
        "choices: choices\nbefore-choice: \"\"\nanswer: answer\nid: id\n")


# ---- the gate

def quantgate(*words, made):
    command = shlex.split(arguments.quantgate) + [str(word) for word in words]
    subprocess.run(command, stdout=subprocess.DEVNULL)
    if not made.exists():  # any exit code is an answer, and no answer is none
        sys.exit("%s\nmade no %s" % (shlex.join(command), made))


def judge(candidate, stop):
    out = WORK / ("%s-%s" % (candidate, "stopped" if stop else "whole"))
    quantgate("run", "--quiet", "--baseline", WORK / "fp16", "--candidate", WORK / candidate, "--suites",
              WORK / "lines.yaml", "--reuse-baseline", "--out", out,
              *(["--limit", arguments.limit] if arguments.limit else []),
              *(["--stop-when-decided"] if stop else []), *arguments.options, made=out / "comparison.json")
    comparison = json.loads((out / "comparison.json").read_text())
    suite = comparison["suites"][0]
    kl = suite["diagnostics"]["choices"]
    moment = datetime.datetime.fromisoformat
    seconds = sum((moment(each["lastSeen"]) - moment(each["started"])).total_seconds()
                  for each in json.loads((out / "candidate" / "provenance.json").read_text())["sessions"])
    print("| %s | %s | %s%s | %s | %d | %.1f %% | %.1f %% | %d + %d | %.3g | %.0f |" % (
        candidate, "stop when decided" if stop else "whole", comparison["verdict"],
        ", proven" if comparison["proven"] else ", not proven", suite["finding"], suite["items"],
        100 * suite["baseline"]["score"], 100 * suite["candidate"]["score"], suite["losses"], suite["gains"],
        kl["klMean"], seconds), flush=True)


WORK.mkdir(parents=True, exist_ok=True)
make_models()
make_suite()
print("| candidate | run | verdict | finding | items | fp16 | candidate | lost + gained | mean KL | seconds |")
print("|---|---|---|---|---|---|---|---|---|---|")
judge("int4", False)  # the baseline is asked whole here, and reused from now on
for name in ("int4", "theta", "zeros", "bits3"):
    judge(name, True)
for name in ("theta", "zeros", "bits3"):
    judge(name, False)
