"""Every public name says what it is: a sentence first, then shapes, parameters and where it comes from.

What can be held mechanically is held here. A subclass's method that says nothing is explained by the method that it
overrides; "as for Dense" refers to what is written there.
"""

import importlib
import inspect
import pkgutil
import re
from types import ModuleType

import pytest

import pydl
from pydl import init, lessons, losses, nn, optim

MODULES = [pydl] + [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(pydl.__path__, "pydl.")
    if not found.name.endswith("__main__")
]
# A lesson's script is explained by its opening, which the learner reads with it.
ROOMS = [module for module in MODULES if module.__name__.removeprefix("pydl.lessons.") not in lessons.NAMES]

# What has no paper, or is older than papers: shapes, constants, plain distributions.
WITHOUT_SOURCE = {
    "linear", "mean_absolute_error", "zeros", "ones", "random_normal", "random_uniform", "truncated_normal",
    "Activation", "Flatten", "Reshape",
}  # fmt: skip
CITED = {
    **nn.functional.ACTIVATIONS,
    **{loss.name: loss for loss in losses.LOSSES.values()},
    **optim.OPTIMIZERS,
    **{name: type(initializer) for name, initializer in init.INITIALIZERS.items()},
    **{name: type(regularizer) for name, regularizer in nn.regularizers.REGULARIZERS.items()},
    **{name: layer for name, layer in vars(nn.layers).items() if name in nn.layers.__all__},
}
KEEP_THE_SHAPE = set(nn.functional.ACTIVATIONS.values())  # whatever it is; their module says so, for all of them
ARRAYS = {"x", "X", "y", "y_true", "y_pred", "labels", "logits", "kernel", "predictions", "probabilities", "images"}
SHAPE = re.compile(r"\((?:\.\.\.|[\w*]+),[^()]*\)|shape|element by element|elementwise", re.IGNORECASE)


def is_public(name, thing, module):
    return (
        not name.startswith("_")
        and (inspect.isclass(thing) or inspect.isfunction(thing))
        and thing.__module__ == module.__name__
    )


def is_error(thing):
    return inspect.isclass(thing) and issubclass(thing, BaseException)


def members(owner):
    """(name, function) of the public methods and properties that a class itself defines."""
    for name, thing in vars(owner).items():
        thing = getattr(thing, "__func__", thing)
        thing = thing.fget if isinstance(thing, property) else thing
        if not name.startswith("_") and inspect.isfunction(thing):
            yield name, thing


def named_in(module):
    """(name, docstring) of every public class, function, method and property that a module defines."""
    for name, thing in vars(module).items():
        if not is_public(name, thing, module):
            continue
        yield name, thing.__doc__
        if inspect.isclass(thing):
            yield from ((f"{name}.{part}", inspect.getdoc(getattr(thing, part))) for part, _ in members(thing))


def api(module=pydl, seen=None):
    """(name, object) of every class and function that a user of the package can name, by way of `__all__`."""
    seen = set() if seen is None else seen
    for name in getattr(module, "__all__", [n for n, thing in vars(module).items() if is_public(n, thing, module)]):
        thing = getattr(module, name)
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, ModuleType):
            yield from api(thing, seen)
        elif inspect.isclass(thing) or inspect.isfunction(thing):
            yield f"{module.__name__}.{name}", thing


API = dict(api())
BY_NAME = {name: thing for module in ROOMS for name, thing in vars(module).items() if is_public(name, thing, module)}


def explained(thing, family=None):
    """All that is said of a class or function: its own docstring, its bases', and those that it refers to."""
    family = family or (thing.__mro__ if inspect.isclass(thing) else [thing])
    text = "\n".join(each.__doc__ or "" for each in family if each.__module__.startswith("pydl"))
    for name in re.findall(r"as (?:for|in) `?(\w+)", text):
        if name in BY_NAME and BY_NAME[name] is not thing:
            text += BY_NAME[name].__doc__ or ""
    return text


def said_of(owner, part):
    """What a method's own docstring, or the one it inherits, and its class say."""
    return f"{inspect.getdoc(getattr(owner, part))} {explained(owner)}"


def parameters_of(function):
    named = inspect.signature(function).parameters.values()
    return [p.name for p in named if p.name not in ("self", "cls") and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def unexplained(function, text):
    return [name for name in parameters_of(function) if not re.search(rf"\b{name}s?\b", text, re.IGNORECASE)]


def takes_arrays(function):
    return bool(ARRAYS & set(parameters_of(function)))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_module_opens_with_its_idea_and_its_place_in_the_flow(module):
    sentences = re.findall(r"[.?:](?=\s|$)", module.__doc__ or "")
    assert len(sentences) >= 2, f"{module.__name__}: expected two or three sentences, received {module.__doc__!r}"


@pytest.mark.parametrize("module", ROOMS, ids=lambda module: module.__name__)
def test_a_docstring_begins_with_a_sentence_in_one_line(module):
    wrong = []
    for name, text in named_in(module):
        first, *rest = inspect.cleandoc(text or "").split("\n")
        news = set(re.findall(r"\w+", first.lower())) - set(re.split(r"[._]", name.lower()))
        made_up = first.startswith(f"{name}(")  # by a dataclass that says nothing itself
        if not first.endswith((".", "?")) or (rest and rest[0]) or len(news) < 2 or made_up:
            wrong.append(f"{name}: {first!r}")
    assert not wrong, "expected a first line that is a sentence:\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", CITED)
def test_what_comes_from_a_paper_names_it(name):
    has_source = re.search(r"\bSources?: ", CITED[name].__doc__) is not None
    assert has_source == (name not in WITHOUT_SOURCE), CITED[name].__doc__


@pytest.mark.parametrize("name", API)
def test_every_parameter_is_explained(name):
    thing = API[name]
    missing = [] if is_error(thing) else unexplained(thing, explained(thing))
    if inspect.isclass(thing):
        for part, method in members(thing):
            if not any(hasattr(base, part) for base in thing.__mro__[1:]):
                missing += [f"{each} of {part}" for each in unexplained(method, said_of(thing, part))]
    assert not missing, f"{name}: nothing is said of {', '.join(missing)}"


@pytest.mark.parametrize("name", API)
def test_what_takes_arrays_says_their_shapes(name):
    thing = API[name]
    if inspect.isclass(thing):
        said = {part: said_of(thing, part) for part, method in members(thing) if takes_arrays(method)}
        said |= {name: explained(thing, [thing])} if issubclass(thing, (losses.Loss, nn.Module)) else {}
    else:
        shaped = takes_arrays(thing) and thing not in KEEP_THE_SHAPE
        said = {name: explained(thing)} if shaped else {}
    silent = [part for part, text in said.items() if not SHAPE.search(text)]
    assert not silent, f"{name}: expected the shapes that are taken and given by {', '.join(silent)}"
