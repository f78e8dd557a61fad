"""Small Python functions with docstrings, in the form of HumanEval.

A problem is a composition of pieces (a filter, a mapping, a reduction, ...). Its key names the pieces, never the constants, and
puts it into TRAIN, TUNE or TEST, so that no bundled problem asks for a composition that training has shown.
"""

from dataclasses import dataclass

from split import part


@dataclass(frozen=True)
class Problem:
    key: str
    name: str
    args: tuple
    doc: str
    body: str
    examples: tuple  # argument tuples for the docstring
    cases: tuple  # argument tuples for the test

    def signature(self):
        return f"def {self.name}({', '.join(self.args)}):\n"

    def run(self, *args):
        scope = {}
        exec(self.signature() + self.body, scope)
        return scope[self.name](*args)

    def prompt(self, examples=True):
        lines = [f'    """{self.doc}']
        if examples:
            lines.append("")
            for args in self.examples:
                lines += [f"    >>> {self.name}({', '.join(map(repr, args))})", f"    {self.run(*args)!r}"]
        return self.signature() + "\n".join(lines) + '\n    """\n'


def part_of(key):
    return part("code/" + key, 14, 5)


# Each piece: key, words in the docstring, words in the name, expression. K stands for a constant, V for the element.
NUMBER_FILTERS = [
    ("even", "even", "even", "V % 2 == 0"),
    ("odd", "odd", "odd", "V % 2 != 0"),
    ("positive", "positive", "positive", "V > 0"),
    ("negative", "negative", "negative", "V < 0"),
    ("nonzero", "non-zero", "nonzero", "V != 0"),
    ("greater", "that are greater than K", "greater_than_K", "V > K"),
    ("less", "that are less than K", "less_than_K", "V < K"),
    ("atleast", "that are at least K", "at_least_K", "V >= K"),
    ("atmost", "that are at most K", "at_most_K", "V <= K"),
    ("divisible", "that are divisible by K", "divisible_by_K", "V % K == 0"),
    ("indivisible", "that are not divisible by K", "not_divisible_by_K", "V % K != 0"),
    ("differs", "that are different from K", "other_than_K", "V != K"),
    ("endsin", "whose last digit is K", "ending_in_K", "abs(V) % 10 == K"),
]
NUMBER_MAPS = [
    ("square", "squares", "squares", "V * V"),
    ("cube", "cubes", "cubes", "V ** 3"),
    ("double", "doubles", "doubles", "V * 2"),
    ("triple", "triples", "triples", "V * 3"),
    ("half", "halves, rounded down,", "halves", "V // 2"),
    ("negate", "negatives", "negatives", "-V"),
    ("abs", "absolute values", "absolute_values", "abs(V)"),
    ("lastdigit", "last digits", "last_digits", "abs(V) % 10"),
    ("digits", "digit counts", "digit_counts", "len(str(abs(V)))"),
]
NUMBER_REDUCES = [
    ("sum", "the sum of", "sum", "sum(G)"),
    ("list", "a list of", "list", "[G]"),
    ("max", "the largest of", "largest", "max((G), default=0)"),
    ("min", "the smallest of", "smallest", "min((G), default=0)"),
    ("sorted", "a sorted list of", "sorted", "sorted(G)"),
    ("reversed", "a list in descending order of", "descending", "sorted((G), reverse=True)"),
    ("distinct", "the number of distinct values among", "distinct", "len(set(G))"),
    ("first", "the first of", "first", "next((G), 0)"),
]
EMPTY = {"max": " Return 0 if there are none.", "min": " Return 0 if there are none.", "first": " Return 0 if there are none."}
CHAR_FILTERS = [
    ("vowel", "vowels", "vowels", "V in 'aeiouAEIOU'"),
    ("notvowel", "characters that are not vowels", "non_vowels", "V not in 'aeiouAEIOU'"),
    ("digit", "digits", "digits", "V.isdigit()"),
    ("notdigit", "characters that are not digits", "non_digits", "not V.isdigit()"),
    ("upper", "uppercase letters", "uppercase", "V.isupper()"),
    ("lower", "lowercase letters", "lowercase", "V.islower()"),
    ("letter", "letters", "letters", "V.isalpha()"),
    ("notspace", "characters that are not spaces", "non_spaces", "V != ' '"),
    ("is", "characters equal to 'C'", "C", "V == 'C'"),
    ("isnot", "characters different from 'C'", "not_C", "V != 'C'"),
]
CHAR_MAPS = [
    ("same", "", "", "V"),
    ("toupper", ", in uppercase", "upper", "V.upper()"),
    ("tolower", ", in lowercase", "lower", "V.lower()"),
    ("twice", ", each written twice", "doubled", "V * 2"),
]
CHAR_REDUCES = [
    ("count", "the number of", "count", "sum(1 for V in text if F)"),
    ("join", "a string of only the", "keep", "''.join(M for V in text if F)"),
    ("list", "a list of the", "list", "[M for V in text if F]"),
    ("sorted", "a sorted list of the", "sorted", "sorted(M for V in text if F)"),
    ("backwards", "a string in reverse order of the", "reversed", "''.join(M for V in reversed(text) if F)"),
    ("dashed", "a string joined by dashes of the", "dashed", "'-'.join(M for V in text if F)"),
    ("positions", "a list of the indices of the", "indices", "[i for i, V in enumerate(text) if F]"),
    ("distinct", "the number of distinct values among the", "distinct", "len(set(M for V in text if F))"),
]
WORD_FILTERS = [
    ("longer", "that are longer than K characters", "longer_than_K", "len(V) > K"),
    ("shorter", "that are shorter than K characters", "shorter_than_K", "len(V) < K"),
    ("length", "that have exactly K characters", "of_length_K", "len(V) == K"),
    ("starts", "that start with 'C'", "starting_with_C", "V.startswith('C')"),
    ("ends", "that end with 'C'", "ending_with_C", "V.endswith('C')"),
    ("contains", "that contain 'C'", "containing_C", "'C' in V"),
    ("lacks", "that do not contain 'C'", "without_C", "'C' not in V"),
    ("title", "that start with an uppercase letter", "capitalized", "V[0].isupper()"),
    ("palindrome", "that are palindromes", "palindromes", "V == V[::-1]"),
    ("numeric", "that consist of digits", "numeric", "V.isdigit()"),
]
WORD_MAPS = [
    ("same", "words", "words", "V"),
    ("upper", "uppercase forms of the words", "upper_words", "V.upper()"),
    ("lower", "lowercase forms of the words", "lower_words", "V.lower()"),
    ("reverse", "reversed forms of the words", "reversed_words", "V[::-1]"),
    ("capital", "capitalized forms of the words", "capitalized_words", "V.capitalize()"),
    ("length", "lengths of the words", "word_lengths", "len(V)"),
    ("initial", "first letters of the words", "first_letters", "V[0]"),
    ("final", "last letters of the words", "last_letters", "V[-1]"),
]
WORD_REDUCES = [
    ("list", "a list of the", "list", "[G]"),
    ("join", "a string, separated by spaces, of the", "joined", "' '.join(G)"),
    ("comma", "a string, separated by commas, of the", "comma_joined", "','.join(G)"),
    ("sorted", "a sorted list of the", "sorted", "sorted(G)"),
    ("distinct", "the number of distinct", "distinct", "len(set(G))"),
    ("first", "the first of the", "first", "next((G), '')"),
]
CONDITIONS = [
    ("even", "n is even", "even", "n % 2 == 0"),
    ("odd", "n is odd", "odd", "n % 2 != 0"),
    ("positive", "n is positive", "positive", "n > 0"),
    ("negative", "n is negative", "negative", "n < 0"),
    ("zero", "n is zero", "zero", "n == 0"),
    ("greater", "n is greater than K", "greater_than_K", "n > K"),
    ("less", "n is less than K", "less_than_K", "n < K"),
    ("divisible", "n is divisible by K", "divisible_by_K", "n % K == 0"),
    ("atleast", "n is at least K", "at_least_K", "n >= K"),
]
RESULTS = [
    ("half", "half of n, rounded down", "n // 2"),
    ("double", "twice n", "n * 2"),
    ("square", "the square of n", "n * n"),
    ("cube", "the cube of n", "n ** 3"),
    ("negate", "minus n", "-n"),
    ("abs", "the absolute value of n", "abs(n)"),
    ("plus", "n plus J", "n + J"),
    ("minus", "n minus J", "n - J"),
    ("same", "n itself", "n"),
    ("zero", "zero", "0"),
    ("text", "n as a string", "str(n)"),
]
STEPS = [
    ("sort", "sort the list", "sort", "sorted(X)"),
    ("rsort", "sort the list in descending order", "sort_descending", "sorted(X, reverse=True)"),
    ("reverse", "reverse the list", "reverse", "X[::-1]"),
    ("headk", "keep the first K elements", "first_K", "X[:K]"),
    ("tailk", "keep the last K elements", "last_K", "X[-K:]"),
    ("dropk", "drop the first K elements", "drop_K", "X[K:]"),
    ("droplast", "drop the last K elements", "drop_last_K", "X[:-K]"),
    ("second", "keep every second element", "every_second", "X[::2]"),
    ("unique", "remove duplicates", "unique", "list(dict.fromkeys(X))"),
    ("repeat", "repeat the list twice", "repeat", "(X * 2)"),
]
FINISH = [
    ("list", "return the result", "", "X"),
    ("sum", "return the sum of what is left", "sum", "sum(X)"),
    ("len", "return how many elements are left", "count", "len(X)"),
    ("max", "return the largest element", "max", "max(X)"),
    ("min", "return the smallest element", "min", "min(X)"),
]
DIGIT_FILTERS = [f for f in NUMBER_FILTERS if f[0] not in ("positive", "negative", "endsin")]
DIGIT_REDUCES = [r for r in NUMBER_REDUCES if r[0] in ("sum", "list", "max", "min", "sorted", "reversed", "distinct")]

LETTERS = "abcdeimnoprst"
VOCABULARY = (
    "apple banana Anna level noon river Otto stone table radar tree 12 7 2024 mouse Paris code test moon sun kayak open bread Tom eye map data Rome "
    "sea cup deep lamp note pen ant bob mint civic door 88 rain nest star dish"
).split()
ITEMS = ("numbers", "values", "nums", "items")


def numbers(rng, low=-12, high=30, size=None):
    return [rng.randint(low, high) for _ in range(size if size is not None else rng.randint(3, 6))]


def phrase(rng, words):
    """'Return' and its like before the rest of a sentence."""
    return rng.choice(("Return ", "Return ", "Return ", "Compute ")) + words


def fill(text, k, c="", j=0):
    return text.replace("K", str(k)).replace("'C'", f"'{c}'").replace("J", str(j))


def slug(*parts):
    return "_".join(p for p in parts if p)


def listing(adjective, plural):
    """'even' numbers or numbers 'that are ...'"""
    return f"{plural} {adjective}" if adjective.startswith(("that ", "whose ")) else f"{adjective} {plural}"


def number_list(rng):
    f = rng.choice(NUMBER_FILTERS + [None])
    m = rng.choice(NUMBER_MAPS + [None, None])
    r = rng.choice(NUMBER_REDUCES + [("count", "the number of", "count", "")])
    if r[0] == "count":
        m = None
    if f is None and (m is None or r[0] == "count"):
        return None
    k = rng.randint(2, 9)
    arg = rng.choice(ITEMS)
    v = rng.choice("nx")
    what = listing(f[1], "numbers") if f else "numbers"
    words = f"{r[1]} the {m[1]} of the {what} in the list." if m else f"{r[1]} the {what} in the list."
    test = f" if {f[3]}" if f else ""
    if r[0] == "count":
        body = f"sum(1 for V in A{test})"
    else:
        body = r[3].replace("G", f"{m[3] if m else 'V'} for V in A{test}")
    body = fill(body.replace("A", arg).replace("V", v), k)
    name = slug(r[2], m[2] if m else "", fill(f[2], k) if f else "")
    cases = [(numbers(rng),) for _ in range(6)] + [(numbers(rng, 1, 60, 8),), ([],)]
    return make(rng, f"numbers/{f and f[0]}/{m and m[0]}/{r[0]}", name, (arg,), phrase(rng, fill(words, k)) + EMPTY.get(r[0], ""), body, cases)


def sentence(rng, size=None):
    return " ".join(rng.choice(VOCABULARY) for _ in range(size or rng.randint(2, 5)))


def characters(rng):
    f, m, r = rng.choice(CHAR_FILTERS), rng.choice(CHAR_MAPS), rng.choice(CHAR_REDUCES)
    if r[0] in ("count", "positions"):
        m = CHAR_MAPS[0]
    c = rng.choice(LETTERS)
    v = rng.choice(("c", "ch"))
    words = f"{r[1]} {f[1]} in the text{m[1]}."
    body = r[3].replace("F", f[3]).replace("M", m[3]).replace("V", v).replace("'C'", f"'{c}'")
    name = slug(r[2], f[2].replace("C", c), m[2])
    cases = [(sentence(rng),) for _ in range(8)] + [("a" + c + "B 1 " + c,), ("",)]
    return make(rng, f"characters/{f[0]}/{m[0]}/{r[0]}", name, ("text",), phrase(rng, fill(words, 0, c)), body, cases)


def words_of(rng):
    split = rng.random() < 0.5
    f, m, r = rng.choice(WORD_FILTERS + [None]), rng.choice(WORD_MAPS), rng.choice(WORD_REDUCES + [("count", "the number of", "count", ""), ("longest", "the longest of the", "longest", "")])
    if r[0] in ("count", "longest"):
        m = WORD_MAPS[0]
    if f is None and m[0] == "same":
        return None
    if m[0] == "length" and r[0] in ("join", "comma", "first"):
        return None
    k, c = rng.randint(2, 5), rng.choice(LETTERS)
    source, arg, place = ("text.split()", "text", "text") if split else ("words", "words", "list")
    v = rng.choice("ws")
    test = f" if {f[3]}" if f else ""
    phrase_ = f"{r[1]} {m[1]} {f[1] if f else ''}".rstrip() + f" in the {place}."
    if r[0] == "count":
        body = f"sum(1 for V in S{test})"
    elif r[0] == "longest":
        body = f"max((V for V in S{test}), key=len, default='')"
    else:
        body = r[3].replace("G", f"{m[3]} for V in S{test}")
    body = body.replace("S", source).replace("V", v)
    body = fill(body, k, c)
    name = slug(r[2], m[2], fill(f[2], k).replace("C", c) if f else "")
    raw = [[rng.choice(VOCABULARY) for _ in range(rng.randint(3, 6))] for _ in range(8)] + [[c + "at", "x" + c, "Up", "no"], []]
    cases = [(" ".join(ws) if split else ws,) for ws in raw]
    empty = " Return an empty string if there is none." if r[0] in ("first", "longest") else ""
    return make(rng, f"words/{f and f[0]}/{m[0]}/{r[0]}", name, (arg,), phrase(rng, fill(phrase_, k, c)) + empty, body, cases)


def digits_of(rng):
    f, m, r = rng.choice(DIGIT_FILTERS + [None]), rng.choice([NUMBER_MAPS[0], NUMBER_MAPS[1], NUMBER_MAPS[2], NUMBER_MAPS[3], None, None]), rng.choice(DIGIT_REDUCES + [("count", "the number of", "count", "")])
    if r[0] == "count":
        m = None
    if f is None and r[0] == "count":
        return None
    k = rng.randint(2, 7)
    what = listing(f[1], "digits") if f else "digits"
    words = f"{r[1]} the {m[1]} of the {what} of n." if m else f"{r[1]} the {what} of n."
    test = f" if {f[3].replace('V', 'int(d)')}" if f else ""
    element = (m[3] if m else "V").replace("V", "int(d)")
    body = f"sum(1 for d in str(n){test})" if r[0] == "count" else r[3].replace("G", f"{element} for d in str(n){test}")
    name = slug(r[2], m[2] if m else "", fill(f[2], k) if f else "", "digits")
    cases = [(rng.randint(10, 10 ** rng.randint(3, 7)),) for _ in range(9)] + [(0,), (7,)]
    return make(rng, f"digits/{f and f[0]}/{m and m[0]}/{r[0]}", name, ("n",), phrase(rng, fill(words, k)) + EMPTY.get(r[0], ""), fill(body, k), cases)


def ranges(rng):
    f, m = rng.choice([f for f in NUMBER_FILTERS if f[0] not in ("positive", "negative", "nonzero")]), rng.choice(NUMBER_MAPS[:5] + NUMBER_MAPS[7:] + [None, None])
    r = rng.choice([r for r in NUMBER_REDUCES if r[0] in ("sum", "list", "distinct", "reversed")] + [("count", "the number of", "count", "")])
    if r[0] == "count":
        m = None
    k = rng.randint(2, 7)
    what = listing(f[1], "numbers")
    words = f"{r[1]} the {m[1]} of the {what} from 1 to n." if m else f"{r[1]} the {what} from 1 to n."
    test = f" if {f[3]}"
    body = f"sum(1 for i in range(1, n + 1){test})" if r[0] == "count" else r[3].replace("G", f"{m[3] if m else 'V'} for i in range(1, n + 1){test}")
    name = slug(r[2], m[2] if m else "", fill(f[2], k), "up_to")
    cases = [(x,) for x in rng.sample(range(3, 40), 6)] + [(0,), (1,), (25,)]
    return make(rng, f"ranges/{f[0]}/{m and m[0]}/{r[0]}", name, ("n",), phrase(rng, fill(words, k)), fill(body.replace("V", "i"), k), cases)


def choose(rng):
    c = rng.choice(CONDITIONS)
    a, b = rng.sample(RESULTS, 2)
    k, j = rng.randint(2, 9), rng.randint(1, 9)
    cond, then, other = (fill(t, k, "", j) for t in (c[1], a[1], b[1]))
    words = rng.choice((f"If {cond}, return {then}; otherwise return {other}.", f"Return {then} if {cond}, and {other} otherwise."))
    body = fill(f"{a[2]} if {c[3]} else {b[2]}", k, "", j)
    name = slug(a[0], "if", fill(c[2], k), "else", b[0])
    cases = [(n,) for n in sorted(rng.sample(range(-15, 30), 9))] + [(0,), (k,)]
    return make(rng, f"choose/{c[0]}/{a[0]}/{b[0]}", name, ("n",), words, body, cases)


def pipeline(rng):
    a, b = rng.sample(STEPS, 2)
    if {a[0], b[0]} <= {"sort", "rsort", "reverse"}:
        return None
    end = rng.choice(FINISH + FINISH[:1])
    k, j = rng.randint(2, 3), rng.randint(2, 3)
    arg = rng.choice(ITEMS)
    first, second = fill(a[1], k), fill(b[1], j)
    words = f"{first.capitalize()}, then {second}, and {end[1]}."
    inner = fill(a[3].replace("X", arg), k)
    outer = fill(b[3].replace("X", inner), j)
    body = end[3].replace("X", outer)
    name = slug(fill(a[2], k), fill(b[2], j), end[2])
    cases = [(numbers(rng, 0, 15, rng.randint(6, 9)),) for _ in range(8)]
    return make(rng, f"pipeline/{a[0]}/{b[0]}/{end[0]}", name, (arg,), words, body, cases)


def make(rng, key, name, args, doc, body, cases):
    """Builds a problem if its cases tell it from a constant; None otherwise."""
    if not key.startswith("choose"):
        rng.shuffle(cases)
    # examples that show something first: a result that is neither empty nor zero
    p = Problem(key, name, args, doc, f"    return {body}\n", (), tuple(cases))
    try:
        results = [p.run(*c) for c in cases]
    except (ValueError, IndexError):
        return None
    if len({repr(x) for x in results}) < 3:
        return None
    telling = [c for c, x in zip(cases, results) if x and c != ([],)] or list(cases)
    shortest = sorted(telling, key=lambda c: len(repr(c)) + len(repr(p.run(*c))))
    examples = [shortest[0]]
    tests = [c for c in cases if c not in examples]
    return Problem(key, name, args, doc, p.body, tuple(examples), tuple(tests))


FAMILIES = {
    "numbers": (number_list, 24), "characters": (characters, 19), "words": (words_of, 21), "digits": (digits_of, 12), "ranges": (ranges, 8),
    "choose": (choose, 12), "pipeline": (pipeline, 13),
}


def problem(rng, part, family=None):
    while True:
        name = family or rng.choices(list(FAMILIES), [w for _, w in FAMILIES.values()])[0]
        p = FAMILIES[name][0](rng)
        if p and part_of(p.key) == part:
            return p
