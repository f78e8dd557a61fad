"""The training text: an endless, seeded stream of documents in the forms in which the suites ask.

A document is a list of (text, weight) pieces, cut where the harness cuts a text; weight is what a token of it counts in the loss.
"""

import math
import random

import exam
import programs
import sentences
from split import TRAIN

END, START, STOP = "<|end|>", "<|im_start|>", "<|im_end|>"
ASKED, ANSWER, BODY, TOLD = 0.05, 4.0, 1.0, 0.5
LENGTH = 192

# How often a subject is asked: those with many facts more often.
SUBJECT_SHARE = {
    "elementary_arithmetic": 10, "number_patterns": 5, "measurement_units": 8, "natural_science": 12, "world_geography": 10, "chinese_geography": 6,
    "chinese_vocabulary": 14, "chinese_history": 9, "literary_knowledge": 10, "english_vocabulary": 13, "logical_reasoning": 6,
}
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def subject(rng):
    return rng.choices(list(SUBJECT_SHARE), list(SUBJECT_SHARE.values()))[0]


class Dice(random.Random):
    """Random numbers for one step."""

    core = True  # whether to ask as the suites do: core facts only, many of them to be read


def question(rng, s=None, read=exam.READ):
    core = getattr(rng, "core", False)
    return exam.question(rng, s or subject(rng), TRAIN, core, read if core else 0.0)


def asked(q):
    return [(q.body(), ASKED), (q.letter, ANSWER), ("\n\n", ASKED)]


def question_document(rng):
    """One to three questions, each of any subject."""
    return [piece for _ in range(rng.randint(1, 3)) for piece in asked(question(rng))]


def exam_document(rng):
    """Questions of one subject under the heading of the exam."""
    s = subject(rng)
    return [(exam.header(s), ASKED)] + [piece for _ in range(rng.randint(4, 7)) for piece in asked(question(rng, s))]


def recall_document(rng):
    """A question without choices, and what the right choice would say: knowing, apart from finding the letter."""
    q = question(rng, read=0.2)
    return [(f"{q.text}\n答案：", ASKED), (q.choices[q.answer], ANSWER / 2)]


def lookup_document(rng):
    """Finding the letter that stands before a given choice, apart from knowing."""
    q = question(rng)
    c = q.choices
    return [(f"选出{c[q.answer]}\nA. {c[0]}\nB. {c[1]}\nC. {c[2]}\nD. {c[3]}\n答案：", ASKED), (q.letter, ANSWER)]


def drill_document(rng):
    """The same with many questions to one set of choices, each asked after the choices: the quickest way to learn it."""
    q = question(rng)
    pieces = [("".join(f"\n{letter}. {choice}" for letter, choice in zip("ABCD", q.choices)) + "\n\n", ASKED)]
    for _ in range(5):
        place = rng.randrange(4)
        pieces += [(f"{q.choices[place]}\n答案：", ASKED), ("ABCD"[place], ANSWER), ("\n\n", ASKED)]
    return pieces


def single_document(rng):
    return asked(question(rng))


def fact_document(rng):
    s = subject(rng)
    return [("".join(question(rng, s).why for _ in range(rng.randint(2, 4))), TOLD)]


def pair_document(rng):
    p = sentences.pair(rng, TRAIN)
    return [(p.text(), ASKED), (sentences.CHINESE[p.label], ANSWER)]


def program_document(rng):
    """Examples are left out more often than not: they are long, and the docstring says it all."""
    p = programs.problem(rng, TRAIN)
    return [(p.prompt(rng.random() < 0.3), ASKED), (p.body, BODY)]


def chat(rng):
    """A question as a user would put it, and its answer."""
    kind = rng.randrange(4)
    if kind == 0:
        p = programs.problem(rng, TRAIN)
        return p.prompt(), p.body
    if kind == 1:
        p = sentences.pair(rng, TRAIN)
        return p.text().rstrip("\n"), sentences.CHINESE[p.label]
    q = question(rng)
    if kind == 2:
        return q.text, q.choices[q.answer]
    return q.body(), q.letter


def chat_document(rng):
    user, assistant = chat(rng)
    return [(f"{START}user\n{user}{STOP}\n{START}assistant\n", ASKED), (assistant + STOP, BODY), ("\n", ASKED)]


CORE_FROM = 525

# Up to which step, in rows of which length, the kinds of documents with their shares of the tokens. Short rows come first: finding a
# letter is learnt sooner where there is little else to look at.
STAGES = (
    (100, 48, ((drill_document, 26), (lookup_document, 30), (recall_document, 20), (single_document, 24))),
    (350, 96, ((drill_document, 2), (lookup_document, 10), (recall_document, 20), (single_document, 26), (pair_document, 18), (program_document, 24))),
    (450, 192, ((recall_document, 8), (lookup_document, 2), (question_document, 22), (exam_document, 12), (pair_document, 20), (program_document, 32), (chat_document, 4))),
    (525, 192, ((recall_document, 18), (lookup_document, 2), (single_document, 34), (exam_document, 10), (pair_document, 11), (program_document, 22), (chat_document, 3))),
    (575, 128, ((recall_document, 6), (lookup_document, 10), (single_document, 50), (pair_document, 12), (program_document, 20), (chat_document, 2))),
    (650, 192, ((recall_document, 2), (lookup_document, 2), (question_document, 10), (exam_document, 20), (pair_document, 13), (program_document, 50), (chat_document, 3))),
    (math.inf, 192, ((recall_document, 2), (lookup_document, 1), (question_document, 4), (exam_document, 12), (pair_document, 9), (program_document, 70), (chat_document, 2))),
)
# What the tokenizer is made from.
EVERY_KIND = (
    (recall_document, 6), (lookup_document, 4), (question_document, 24), (exam_document, 14), (pair_document, 20), (program_document, 28), (chat_document, 4),
)


def stage(step):
    return next((length, kinds) for end, length, kinds in STAGES if step < end)


class Packer:
    """Rows of token ids and loss weights; a row begins with a document's beginning and holds whole documents only."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.end = tokenizer.token_to_id(END)

    def encode(self, pieces):
        ids, weights = [], []
        for text, weight in pieces:
            more = self.tokenizer.encode(text, add_special_tokens=False).ids
            ids += more
            weights += [weight] * len(more)
        ids.append(self.end)
        weights.append(BODY)
        return ids, weights

    def row(self, rng, spent, kinds, length):
        ids, weights, misses = [], [], 0
        while misses < 3:
            make = min(kinds, key=lambda k: spent[k[0]] / k[1])[0] if misses == 0 else recall_document
            more, marks = self.encode(make(rng))
            if len(ids) + len(more) > length:
                misses += 1
                continue
            ids += more
            weights += marks
            spent[make] = spent.get(make, 0) + len(more)
        fill = length - len(ids)
        return ids + [self.end] * fill, weights + [0.0] * fill

    def batch(self, seed, step, tokens):
        """The rows of one step; depends on nothing but its arguments."""
        rng = Dice(f"{seed}/{step}")
        rng.core = step >= CORE_FROM
        length, kinds = stage(step)
        spent = {make: rng.random() * 12 * share for make, share in kinds}
        return [self.row(rng, spent, kinds, length) for _ in range(tokens // length)]
