"""Writes the bundled suites: python build_suites.py RESOURCES, where RESOURCES is .../dev/quantgate/benchmarks/starter.

Generated items come from the held-out keys only; handwritten items come on top. Every canonical solution is run, every stub
must fail, and other programs that training shows must fail too, so that a test tells the right composition from its neighbours.
"""

import csv
import json
import random
import re
import sys
from pathlib import Path

import exam
import handwritten
import programs
import sentences
from split import TEST, TRAIN

SEED = 7
GENERATED = {"numbers": 14, "characters": 10, "words": 11, "digits": 6, "ranges": 5, "choose": 7, "pipeline": 7}


def by_hand():
    for head, doc, body, examples, cases in handwritten.PROGRAMS:
        name, args = re.fullmatch(r"(\w+)\((.*)\)", head).groups()
        yield programs.Problem(f"hand/{name}", name, tuple(args.split(", ")), doc, body, tuple(examples), tuple(cases))


def check_text(p):
    lines = ["", "", "def check(candidate):"]
    for case in dict((repr(c), c) for c in p.cases).values():
        result = p.run(*case)
        relation = "is" if isinstance(result, bool) or result is None else "=="
        if isinstance(result, float):
            lines.append(f"    assert abs(candidate({', '.join(map(repr, case))}) - {result!r}) < 1e-9")
        else:
            lines.append(f"    assert candidate({', '.join(map(repr, case))}) {relation} {result!r}")
    return "\n".join(lines) + "\n"


def passes(p, body, test):
    scope = {}
    try:
        exec(p.signature() + body + test + f"\ncheck({p.name})", scope)
        return True
    except Exception:
        return False


def code(rng):
    chosen, names = [], set()
    rivals = {family: [programs.problem(rng, TRAIN, family) for _ in range(60)] for family in GENERATED}
    for family, count in GENERATED.items():
        found = 0
        while found < count:
            p = programs.problem(rng, TEST, family)
            if p.name in names or p.key in {c.key for c in chosen} or len(p.doc) > 170 or len(p.name) > 60:
                continue
            test = check_text(p)
            if any(passes(p, r.body, test) for r in rivals[family] if r.args == p.args):
                continue
            chosen.append(p)
            names.add(p.name)
            found += 1
    chosen += by_hand()
    rng.shuffle(chosen)
    for i, p in enumerate(chosen):
        test = check_text(p)
        assert passes(p, p.body, test), p.name
        assert not passes(p, "    pass\n", test), p.name
        yield {"task_id": f"StarterCode/{i}", "prompt": p.prompt(), "entry_point": p.name, "canonical_solution": p.body, "test": test}


def nli(rng):
    rows, keys = [], set()
    for family in sentences.FAMILIES:
        for label in sentences.LABELS:
            found = 0
            while found < 3:
                p = sentences.pair(rng, TEST, label, family)
                if (p.key, label) in keys or p.first == p.second:
                    continue
                keys.add((p.key, label))
                rows.append((p.first, p.second, label))
                found += 1
    rows += handwritten.PAIRS
    rng.shuffle(rows)
    return [{"sentence1": a, "sentence2": b, "label": label} for a, b, label in rows]


def questions(rng, subject, count, part, taken):
    """Distinct questions whose right answers are spread evenly over A to D."""
    letters = [i % 4 for i in range(count)]
    rng.shuffle(letters)
    for number, place in enumerate(letters):
        while True:
            q = exam.question(rng, subject, part)
            if q.answer == place and q.text not in taken and len(set(q.choices)) == 4:
                break
        taken.add(q.text)
        yield number, q


def sheet(path, head, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(head)
        writer.writerows(rows)


def lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")


def main(folder):
    lines(folder / "starter-code.jsonl", code(random.Random(f"{SEED}/code")))
    lines(folder / "starter-nli.jsonl", nli(random.Random(f"{SEED}/nli")))
    rng = random.Random(f"{SEED}/exam")
    for subject in exam.SUBJECTS:
        taken = set()
        dev = [[n, q.text, *q.choices, q.letter, q.why] for n, q in questions(rng, subject, 5, TRAIN, taken)]
        val = [[n, q.text, *q.choices, q.letter] for n, q in questions(rng, subject, 20, TEST, taken)]
        head = ["id", "question", "A", "B", "C", "D", "answer"]
        sheet(folder / "starter-exam/dev" / f"{subject}_dev.csv", [*head, "explanation"], dev)
        sheet(folder / "starter-exam/val" / f"{subject}_val.csv", head, val)
    mapping = {k: list(v) for k, v in exam.SUBJECTS.items()}
    (folder / "starter-exam/subject_mapping.json").write_text(json.dumps(mapping, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
