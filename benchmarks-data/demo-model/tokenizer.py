"""Byte-level BPE over the generated text. Words of the fact tables are merged first, so that a word is cut the same way wherever it stands."""

import random

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

import corpus
import exam
import facts
import sentences

# What frames a question's choices is one token each, and so is a number: less to read, and a letter stands next to its choice.
# A text cut after any of these pieces keeps its tokens.
PIECES = r"""\n[A-D]\. |\n答案：|\n\n|\n| ?[A-Za-z]+|\p{N}{1,4}|\p{Han}+| +(?! )|"{3}|>{3}|={2}|[!<>]=|\*\*|//|\[\]|\(\)|[^\sA-Za-z\p{N}\p{Han}]|\s"""


def words():
    for name, table in vars(facts).items():
        if name.isupper():
            if isinstance(table, dict):
                for kind, members in table.items():
                    yield kind
                    yield from members
            else:
                for row in table:
                    yield from (str(x) for x in row)
    yield from sentences.PEOPLE + sentences.ANIMALS + sentences.PLACES + sentences.TIMES + sentences.DOINGS + sentences.DAYS
    yield from (name for _, name, _ in exam.SUBJECTS.values())
    yield from sentences.CHINESE.values()


def train(size, seed):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(PIECES), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    rng = random.Random(f"{seed}/tokenizer")
    short = [w for w in words() if len(w) <= (15 if w.isascii() else 5)] + [str(n) for n in range(100)]

    def texts():
        for w in short:
            for _ in range(400):
                yield w
        for make, share in corpus.EVERY_KIND:
            for _ in range(share * 60):
                yield "".join(text for text, _ in make(rng))

    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[corpus.END, corpus.START, corpus.STOP],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        max_token_length=15,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(), trainer)
    return tokenizer
