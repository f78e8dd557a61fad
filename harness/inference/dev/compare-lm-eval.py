#!/usr/bin/env python3
"""C-Eval's log-probabilities and time: QuantGate's protocol ceval/lm-eval beside lm-evaluation-harness.

Both get the same questions of the same folder. lm-eval runs its own task (ceval-valid, version 2) with
transformers at float32; its CSV files come from the official zip, as no hub is asked. QuantGate runs
`quantgate eval`. Every choice's log-probability must agree within 2e-4 * (1 + |reference|).

    compare-lm-eval.py --model DIR --zip ceval-exam.zip --work DIR [--shots 0 5] [--subjects a,b | all]
                       [--threads 2] [--quantgate PATH] [--side both|reference|ours]

The reference is kept in WORK, under a hash of the model's weights, and computed once. Exit code 0 if all agree, 1 if not, 2 if nothing could
be compared.
"""

import argparse
import csv
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import time
import zipfile
import zlib

TOLERANCE = 2e-4
LETTERS = "ABCD"
VARIANT = {0: "lm-eval", 5: "lm-eval-5shot"}
COLUMNS = ["id", "question", "A", "B", "C", "D", "answer"]


def weights_hash(model):
    """Names a model by the bytes of its weights, so that a reference is never taken for another's."""
    files = sorted(f for pattern in ("*.safetensors", "*.bin") for f in model.glob(pattern))
    if not files:
        raise SystemExit(f"{model}: expected *.safetensors or *.bin, found none")
    total = hashlib.sha256()
    for file in files:
        with open(file, "rb") as content:
            total.update(hashlib.file_digest(content, "sha256").digest())
    return total.hexdigest()[:16]


def subjects_of(archive):
    names = [n for n in archive.namelist() if n.startswith("val/") and n.endswith("_val.csv")]
    return sorted(n[len("val/"):-len("_val.csv")] for n in names)


def unpack(archive, subject, folder):
    """Writes the subject's dev and val rows with the same columns: the loader wants them alike."""
    files = {}
    for split in ("dev", "val"):
        text = archive.read(f"{split}/{subject}_{split}.csv").decode("utf-8")
        target = folder / f"{subject}_{split}.csv"
        with open(target, "w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(csv.DictReader(io.StringIO(text)))
        files[split] = str(target)
    return files


def task_of(subject, files):
    """lm-eval's own task of that subject, reading our files; every cell stays text."""
    import datasets
    import lm_eval.tasks
    import yaml

    folder = pathlib.Path(lm_eval.tasks.__file__).parent / "ceval"
    task = yaml.safe_load((folder / "_default_ceval_yaml").read_text(encoding="utf-8"))
    own = yaml.safe_load((folder / f"ceval-valid_{subject}.yaml").read_text(encoding="utf-8"))
    own.pop("include")
    own.pop("dataset_name")
    task.update(own)
    task["dataset_path"] = "csv"
    task["dataset_kwargs"] = {
        "data_files": files,
        "features": datasets.Features({c: datasets.Value("string") for c in COLUMNS}),
        "keep_default_na": False,
    }
    return task


def compute_reference(args, subjects, shots, target):
    """One line for each question: id and the four log-probabilities; then one with the seconds."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
    import torch
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(args.threads)
    folder = args.work / "csv"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(args.zip) as archive:
        tasks = [task_of(s, unpack(archive, s, folder)) for s in subjects]
    model = HFLM(pretrained=str(args.model), dtype="float32", device="cpu", batch_size=args.batch)
    begin = time.monotonic()
    results = simple_evaluate(
        model=model, tasks=tasks, num_fewshot=shots, log_samples=True, bootstrap_iters=0)
    seconds = time.monotonic() - begin
    partial = target.with_suffix(".partial")
    with open(partial, "w", encoding="utf-8") as out:
        for subject in subjects:
            for sample in results["samples"][f"ceval-valid_{subject}"]:
                line = {
                    "id": f"{subject}/{sample['doc']['id']}",
                    "logprobs": [float(r[0][0]) for r in sample["resps"]],
                    "expected": LETTERS[sample["target"]] if isinstance(sample["target"], int)
                    else sample["target"],
                }
                out.write(json.dumps(line) + "\n")
        out.write(json.dumps({"seconds": seconds, "batch": args.batch, "threads": args.threads}) + "\n")
    partial.rename(target)


def read_reference(path):
    items, seconds = {}, None
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if "id" in record:
            items[record["id"]] = record["logprobs"]
        else:
            seconds = record["seconds"]
    return items, seconds


def data_folder(args, subjects):
    """A data folder with the official zip, or one cut down to some subjects."""
    with zipfile.ZipFile(args.zip) as archive:
        if subjects == subjects_of(archive):
            return args.zip.parent.parent
        folder = args.work / f"data-{zlib.crc32(','.join(subjects).encode()):08x}"
        (folder / "ceval").mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(folder / "ceval" / "ceval-exam.zip", "w") as cut:
            for name in archive.namelist():
                subject = name.split("/")[-1].rsplit("_", 1)[0]
                if subject in subjects and name.endswith(".csv"):
                    cut.writestr(name, archive.read(name))
    return folder


def run_ours(args, subjects, shots):
    """Runs quantgate eval; gives its choices by id and the seconds of the whole command."""
    out = args.work / f"ours-{shots}shot-{int(time.time())}"
    command = [
        str(args.quantgate), "eval", "--model", str(args.model), "--suites", "ceval",
        "--data", str(data_folder(args, subjects)), "--accept-data",
        "--protocol", f"ceval={VARIANT[shots]}", "--threads", str(args.threads), "--out", str(out),
    ]
    begin = time.monotonic()
    subprocess.run(command, check=True)
    seconds = time.monotonic() - begin
    return read_ours(out), seconds


def read_ours(out):
    items = {}
    for line in (out / "model" / "ceval.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        sums = {c["label"]: c["sum"] for c in record.get("choices", [])}
        if all(letter in sums for letter in LETTERS):
            items[record["id"]] = [sums[letter] for letter in LETTERS]
    return items


def compare(shots, reference, reference_seconds, ours, seconds):
    common = sorted(set(reference) & set(ours))
    worst, worst_id, apart, flips = 0.0, "", 0, 0
    for item in common:
        for expected, found in zip(reference[item], ours[item]):
            error = abs(found - expected) / (1 + abs(expected))
            apart += not error <= TOLERANCE
            if not error <= worst:
                worst, worst_id = error, item
        flips += reference[item].index(max(reference[item])) != ours[item].index(max(ours[item]))
    print(f"{shots} shots: {len(common)} questions in both"
          f" ({len(reference)} reference, {len(ours)} ours), {4 * len(common)} log-probabilities")
    print(f"  largest |difference| / (1 + |reference|): {worst:.2e} ({worst_id});"
          f" {apart} beyond {TOLERANCE}; other letter chosen: {flips}")
    print(f"  lm-eval {reference_seconds:.1f} s, quantgate {seconds:.1f} s:"
          f" {reference_seconds / seconds:.1f} times as fast")
    return len(common) > 0 and apart == 0 and len(common) == len(reference)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--zip", type=pathlib.Path, required=True, help="ceval-exam.zip, in a folder ceval")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--shots", type=int, nargs="+", default=[0, 5], choices=sorted(VARIANT))
    parser.add_argument("--subjects", default="all")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--quantgate", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[3] / "quantgate")
    parser.add_argument("--side", choices=["both", "reference", "ours"], default="both")
    args = parser.parse_args()
    args.model, args.zip = args.model.resolve(), args.zip.resolve()
    args.work.mkdir(parents=True, exist_ok=True)
    args.work = args.work.resolve()

    with zipfile.ZipFile(args.zip) as archive:
        subjects = subjects_of(archive) if args.subjects == "all" else sorted(args.subjects.split(","))
    weights = weights_hash(args.model)
    agreed, compared = True, False
    for shots in args.shots:
        name = "all" if args.subjects == "all" else "-".join(subjects)
        target = args.work / f"reference-{weights}-{shots}shot-{name[:100]}.jsonl"
        if not target.exists() and args.side != "ours":
            compute_reference(args, subjects, shots, target)
        if args.side == "reference":
            continue
        reference, reference_seconds = read_reference(target)
        ours, seconds = run_ours(args, subjects, shots)
        agreed &= compare(shots, reference, reference_seconds, ours, seconds)
        compared = True
    if not compared:
        return 0 if args.side == "reference" else 2
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
