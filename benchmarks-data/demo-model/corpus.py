"""The training text: an endless, seeded stream of documents in the forms in which the suites ask.

A document is a list of (text, weight) pieces, cut where the harness cuts a text; weight is what a token of it counts in the loss.
"""

import random

import exam
import programs
import sentences

END, START, STOP = "<|end|>", "<|im_start|>", "<|im_end|>"
ASKED, ANSWER, BODY, TOLD = 0.08, 4.0, 1.0, 0.5

# How often a subject is asked: those with many facts more often.
SUBJECT_SHARE = {
    "elementary_arithmetic": 12, "number_patterns": 10, "measurement_units": 7, "natural_science": 11, "world_geography": 9, "chinese_geography": 6,
    "chinese_vocabulary": 14, "chinese_history": 9, "literary_knowledge": 13, "english_vocabulary": 13, "logical_reasoning": 8,
}
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def subject(rng):
    return rng.choices(list(SUBJECT_SHARE), list(SUBJECT_SHARE.values()))[0]


def exam_document(rng, hinted=0.0):
    """Questions of one subject; before a share of them stands a hint, so that finding an answer's letter is learnt apart from knowing it."""
    s = subject(rng)
    pieces = [(exam.header(s), ASKED)]
    for _ in range(9):
        q = exam.question(rng, s, False)
        if hinted and rng.random() < hinted:
            pieces += [("提示：", ASKED), (q.why, TOLD), ("\n", ASKED)]
        pieces += [(q.body(), ASKED), (q.letter, ANSWER), ("\n\n", ASKED)]
    return pieces


def lookup_document(rng):
    """Nothing but finding the letter that stands before a given choice."""
    s = subject(rng)
    pieces = []
    for _ in range(16):
        q = exam.question(rng, s, False)
        c = q.choices
        pieces += [(f"选出{c[q.answer]}\nA. {c[0]}\nB. {c[1]}\nC. {c[2]}\nD. {c[3]}\n答案：", ASKED), (q.letter, ANSWER), ("\n\n", ASKED)]
    return pieces


def several(rng):
    """Programs and pairs, one after the other, for a row of the exam's length."""
    pieces = []
    for _ in range(8):
        pieces += (program_document if rng.random() < 0.6 else pair_document)(rng) + [(END, BODY)]
    return pieces


def pair_document(rng):
    p = sentences.pair(rng, False)
    return [(p.text(), ASKED), (sentences.CHINESE[p.label], ANSWER)]


def program_document(rng):
    p = programs.problem(rng, False)
    return [(p.prompt(), ASKED), (p.body, BODY)]


def fact_document(rng):
    s = subject(rng)
    return [("\n".join(exam.question(rng, s, False).why for _ in range(rng.randint(3, 8))), TOLD)]


def chat(rng):
    """A question as a user would put it, and its answer."""
    kind = rng.randrange(5)
    if kind == 0:
        p = programs.problem(rng, False)
        return p.prompt(), p.body
    if kind == 1:
        p = sentences.pair(rng, False)
        return p.text().rstrip("\n"), sentences.CHINESE[p.label]
    q = exam.question(rng, subject(rng), False)
    if kind == 2:
        return q.text, q.choices[q.answer]
    if kind == 3:
        return q.body(), q.letter
    return "请解释：" + q.body(), q.letter + "\n" + q.why


def chat_document(rng):
    user, assistant = chat(rng)
    return [(f"{START}user\n{user}{STOP}\n{START}assistant\n", ASKED), (assistant + STOP, BODY), ("\n", ASKED)]


# Documents of a kind share rows: exam rows hold one document of many questions, short rows hold several documents.
KINDS = ((exam_document, 40), (pair_document, 42), (program_document, 40), (fact_document, 10), (chat_document, 8))
EXAM_LENGTH, SHORT_LENGTH = 320, 192


def mixture(step):
    """The maker of exam rows, and the kinds of short rows with their shares of tokens, by the stage of training."""
    if step < 300:
        return exam_document, KINDS[1:]
    if step < 625:
        hinted = 0.6 if step < 500 else 0.3
        return (lambda rng: exam_document(rng, hinted)), ((pair_document, 56), (program_document, 34), (fact_document, 2), (chat_document, 8))
    kinds = ((pair_document, 44), (program_document, 46), (fact_document, 2), (chat_document, 8))
    if step >= 800:
        return (lambda rng: exam_document(rng, 0.35) if rng.random() < 0.25 else several(rng)), kinds
    lookups = max(0.15, 0.7 - (step - 625) / 1000)
    return (lambda rng: lookup_document(rng) if rng.random() < lookups else exam_document(rng, 0.35)), kinds


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
        return ids, weights

    def close(self, ids, weights, length):
        fill = length - len(ids)
        return ids + [self.end] * fill, weights + [0.0] * fill

    def exam_row(self, rng, make):
        ids, weights = self.encode(make(rng))
        cut = EXAM_LENGTH
        return self.close(ids[:cut], weights[:cut], EXAM_LENGTH)

    def short_row(self, rng, spent, kinds):
        ids, weights, misses = [], [], 0
        while misses < 3:
            make = min(kinds, key=lambda k: spent[k[0]] / k[1])[0] if misses == 0 else pair_document
            more, marks = self.encode(make(rng))
            more.append(self.end)
            marks.append(BODY)
            if len(ids) + len(more) > SHORT_LENGTH:
                misses += 1
                continue
            ids += more
            weights += marks
            spent[make] += len(more)
        return self.close(ids, weights, SHORT_LENGTH)

    def batch(self, seed, step, exam_rows, short_rows):
        """The rows of one step, exam rows and short rows; depends on nothing but its arguments."""
        rng = random.Random(f"{seed}/{step}")
        exam_maker, kinds = mixture(step)
        spent = {make: rng.random() * 400 for make, _ in kinds}
        return [self.exam_row(rng, exam_maker) for _ in range(exam_rows)], [self.short_row(rng, spent, kinds) for _ in range(short_rows)]
