"""Renders chat templates with jinja2, in the settings that transformers gives it.

One function, from the bytes of an order to those of an answer, both JSON. The first order brings the sources of jinja2 and
markupsafe; after it the interpreter's memory is copied, and every rendering begins from that copy.
"""

import json
import random
import re
import sys

_environment = None
_random_state = None


class _Sources:
    """Imports from a dict of sources, by path."""

    by_path = {}

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        base = name.replace(".", "/")
        for file, is_package in ((base + "/__init__.py", True), (base + ".py", False)):
            if file in cls.by_path:
                spec = type(sys.__spec__)(name, cls, origin=file, is_package=is_package)
                spec.has_location = False
                return spec
        return None

    @staticmethod
    def create_module(spec):
        return None

    @classmethod
    def exec_module(cls, module):
        file = module.__spec__.origin
        exec(compile(cls.by_path[file], file, "exec"), module.__dict__)


def _prepare(sources):
    global _environment, _random_state
    # What the package's own __init__ imports beyond the renderer would triple the time of preparation.
    _Sources.by_path = {**sources, "jinja2/__init__.py": ""}
    sys.meta_path.insert(0, _Sources)
    import jinja2.debug
    import jinja2.ext
    import jinja2.sandbox
    from jinja2 import exceptions, nodes, runtime, utils

    class Generation(jinja2.ext.Extension):
        """{% generation %} marks an answer for training; its text is what stands in it."""

        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
            return nodes.CallBlock(self.call_method("_same"), [], [], body).set_lineno(line)

        def _same(self, caller):
            return caller()

    class Namespace(utils.Namespace):
        """A namespace that takes no private names, as a template must not reach CPython's insides."""

        def __init__(*args, **kwargs):
            self, args = args[0], args[1:]
            attributes = dict(*args, **kwargs)
            for name in attributes:
                Namespace._check(name)
            utils.Namespace.__init__(self, attributes)

        def __setitem__(self, name, value):
            Namespace._check(name)
            utils.Namespace.__setitem__(self, name, value)

        @staticmethod
        def _check(name):
            if isinstance(name, str) and name.startswith("_"):
                raise exceptions.SecurityError(f"a namespace takes no attribute {name!r} that begins with an underscore")

    class Dict:
        """What templates know as dict: it makes one, and shows nothing else of the type."""

        def __call__(self, *args, **kwargs):
            return dict(*args, **kwargs)

        def fromkeys(self, *args, **kwargs):
            return dict.fromkeys(*args, **kwargs)

    def raise_exception(message):
        raise exceptions.TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["dict"] = Dict()
    environment.globals["namespace"] = Namespace
    environment.from_string(
        "{% for m in messages if m.role != 'x' %}{% if loop.first %}{{ m['content'] | trim }}{% endif %}{% endfor %}"
    ).render(messages=[{"role": "user", "content": " a "}])
    _environment = environment
    _random_state = random.getstate()


def _error(error):
    return f"{type(error).__name__}: {error}"


def _day(date, format):
    """A day in words; what some systems alone can say (%k, %P, %^a) would silently be nothing here."""
    from jinja2.exceptions import TemplateError

    if "%" in re.sub("%[-_]?[aAbBcCdDeFfgGhHIjmMnprRsStTuUVwWxXyYzZ%]", "", format):
        raise TemplateError(f"strftime_now({format!r}) asks for what not every system knows")
    return date.strftime(format)


def _render(job):
    if "date" in job:
        import datetime

        date = datetime.datetime.fromisoformat(job["date"])
        _environment.globals["strftime_now"] = lambda format: _day(date, format)
    try:
        template = _environment.from_string(job["template"])
    except Exception as error:
        return [{"syntax": _error(error)}]
    results = []
    size = 0
    for context in job["contexts"]:
        if size >= job["enough"]:
            break
        # A text follows from its messages alone, whatever was rendered before it.
        random.setstate(_random_state)
        try:
            text = template.render(**context)
        except Exception as error:
            return results + [{"error": _error(error)}]
        if len(text) > job["most"]:
            return results + [{"characters": len(text)}]
        size += len(text)
        results.append({"text": text})
    return results


def handle(order):
    job = json.loads(order)
    if "sources" in job:
        _prepare(job["sources"])
        return b"[]"
    return json.dumps(_render(job)).encode("ascii")
