"""What the embedded interpreter runs: one function, from the bytes of an order to those of an answer.

The orders are values in codec.py's encoding. Tester and candidate are two interpreters of their own;
the tester's calls leave through its standard streams, which its host functions join to the candidate.
"""

import os
import sys

import codec
import candidate
import tester
import official
import standins

# Imported before the interpreter's memory is copied for each job, so that no job pays for them.
import array, bisect, collections, copy, dataclasses, datetime, decimal, enum, fractions, functools
import hashlib, heapq, inspect, itertools, json, math, operator, pathlib, random, re, statistics
import string, sysconfig, typing, zoneinfo

_LINE_IN, _LINE_OUT = 0, 1

_program = None


def _exchange(payload):
    try:
        codec.write_frame(lambda data: os.write(_LINE_OUT, data), payload)
        return codec.Frames(lambda size: os.read(_LINE_IN, size)).next()
    except codec.EndOfStream:
        raise tester.CandidateGone("the candidate ended before the test was through") from None
    except codec.CodecError as error:
        raise tester.CandidateGone(f"the candidate broke the protocol: {error}") from None


def _told(job, kind, detail, doubt, line):
    return codec.encode((job, kind, detail, doubt, str(line)))


def handle(order):
    """Carries out one order."""
    global _program
    if _program is not None:
        return _program.answer(order)
    verb, frame_bytes, *rest = codec.decode(order)
    codec.MAX_FRAME = int(frame_bytes)
    if verb == "prepare":
        standins.install()
        official.preload()
        standins.forget()
        sys.dont_write_bytecode = True
        sys.path.remove("/guest")
        return b""
    candidate.swallow_streams()
    if verb == "load":
        _program = candidate.Candidate(standins.note)
        return _program.load(*rest)
    if verb == "judge":
        job, *rest = rest
        return _told(job, *tester.judge(*rest, _exchange, believes_notes=True))
    if verb == "official":
        job, *parts = rest
        official.guard()
        return _told(job, *official.judge(official.program(*parts), parts[3], note=standins.note))
    raise ValueError(verb)
