"""Rules of the error tree."""

import pickle

import pytest

from copydesk import errors
from copydesk.errors import CopydeskError


def tree(kind: type[CopydeskError] = CopydeskError) -> list[type[CopydeskError]]:
    return [kind, *(one for child in kind.__subclasses__() for one in tree(child))]


@pytest.mark.parametrize("kind", tree())
def test_every_error_survives_pickling(kind: type[CopydeskError]) -> None:
    error = kind("document 3: no text", fix="add some")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == str(error) == "document 3: no text (fix: add some)"
    assert (copy.code, copy.exit_code) == (kind.code, kind.exit_code)


def test_every_error_stands_in_the_drawn_tree_with_a_code_of_its_own() -> None:
    drawn = errors.__doc__ or ""
    assert all(kind.__name__ in drawn for kind in tree())
    codes = [kind.code for kind in tree()]
    assert len(codes) == len(set(codes))


def test_every_error_leaves_with_one_of_the_documented_exit_codes() -> None:
    assert {kind.exit_code for kind in tree()} == {1, 2, 3, 4}
