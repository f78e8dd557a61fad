"""Which part a generated item belongs to: a property of its key alone."""

import zlib

TRAIN, TUNE, TEST = "train", "tune", "test"


def part(key, test, tune):
    """TEST for the first percent of the keys, in the order of their checksums, TUNE for the next, TRAIN for the rest."""
    place = zlib.crc32(key.encode()) % 100
    return TEST if place < test else TUNE if place < test + tune else TRAIN
