"""Byte-level BPE over the generated text. Words of the fact tables are merged first, so that a word is cut the same way wherever it stands."""

import random

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

import corpus
import exam
import facts
import sentences

# Newlines, digits and Chinese runs stand alone: a text cut after any of them keeps its tokens.
PIECES = r"""\n| ?[A-Za-z]+|\p{N}|\p{Han}+| +(?! )|"{3}|>{3}|={2}|[!<>]=|\*\*|//|\[\]|\(\)|[^\sA-Za-z\p{N}\p{Han}]|\s"""


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
    short = [w for w in words() if len(w) <= 4 and any("\u4e00" <= c <= "\u9fff" for c in w)]

    def texts():
        for w in short:
            for _ in range(400):
                yield w
        for make, share in corpus.KINDS:
            for _ in range(share * 15):
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
