"""Keys of jobs: what decides a result changes them, and nothing else does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrm.core.recipe import Sources, key_of

CODE = (
    '"""A module."""\n\nfrom hrm.b import two\n\n\ndef one(x):\n    """Say one."""\n    return two(x) + 1  # a remark\n'
)
OTHER = "def two(x):\n    return 2 * x\n"


def package(folder: Path, **modules: str) -> Path:
    """A package `hrm` with these modules; a name with __ lies in a sub-package."""
    root = folder / "hrm"
    root.mkdir()
    (root / "__init__.py").write_text("")
    for name, text in modules.items():
        path = root.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
    return root


def fingerprint(root: Path, *entries: str) -> str:
    return Sources(root).fingerprint(*entries)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# a remark", "# another"),
        ("Say one.", "Say something else."),
        ('"""A module."""\n', '"""Another."""\n\n\n'),
        ("two(x) + 1", "(two(x) + 1)"),
    ],
)
def test_comments_docstrings_and_layout_decide_nothing(tmp_path: Path, old: str, new: str) -> None:
    root = package(tmp_path, a=CODE, b=OTHER)
    before = fingerprint(root, "hrm.a")
    (root / "a.py").write_text(CODE.replace(old, new))
    assert fingerprint(root, "hrm.a") == before


@pytest.mark.parametrize(("old", "new"), [("+ 1", "+ 2"), ("def one(x)", "def one(x, y=0)"), ("two(x)", "two(x=x)")])
def test_code_decides(tmp_path: Path, old: str, new: str) -> None:
    root = package(tmp_path, a=CODE, b=OTHER)
    before = fingerprint(root, "hrm.a")
    (root / "a.py").write_text(CODE.replace(old, new))
    assert fingerprint(root, "hrm.a") != before


def test_what_is_imported_counts_wherever_the_import_stands_and_nothing_else(tmp_path: Path) -> None:
    inside = "def run():\n    from hrm.deep.c import three\n    return three\n"
    root = package(tmp_path, a=inside, deep__c="three = 3\n", unused="four = 4\n")
    assert {"hrm.a", "hrm.deep", "hrm.deep.c", "hrm"} == Sources(root).reached("hrm.a")
    before = fingerprint(root, "hrm.a")
    (root / "unused.py").write_text("four = 5\n")
    assert fingerprint(root, "hrm.a") == before
    (root / "deep/c.py").write_text("three = 4\n")
    assert fingerprint(root, "hrm.a") != before


def test_imports_for_type_checkers_are_not_followed(tmp_path: Path) -> None:
    text = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from hrm.b import two\n"
    assert "hrm.b" not in Sources(package(tmp_path, a=text, b=OTHER)).reached("hrm.a")


def test_of_one_form_of_a_command_only_its_own_imports_are_followed(tmp_path: Path) -> None:
    text = "def _one():\n    import hrm.b\n\n\ndef _two():\n    import hrm.c\n"
    sources = Sources(package(tmp_path, a=text, b=OTHER, c="x = 1\n"))
    assert "hrm.b" in sources.reached("hrm.a:_one") and "hrm.c" not in sources.reached("hrm.a:_one")
    with pytest.raises(KeyError):
        sources.fingerprint("hrm.a:_three")


def test_a_template_beside_a_module_counts(tmp_path: Path) -> None:
    root = package(tmp_path, page__render="x = 1\n")
    before = fingerprint(root, "hrm.page.render")
    (root / "page/page.html").write_text("<p>")
    assert fingerprint(root, "hrm.page.render") != before


def test_the_cache_changes_no_answer_and_may_be_broken(tmp_path: Path) -> None:
    root, cache = package(tmp_path, a=CODE, b=OTHER), tmp_path / "cache.json"
    first = Sources(root, cache)
    wanted = first.fingerprint("hrm.a")
    first.save()
    assert Sources(root, cache).fingerprint("hrm.a") == wanted
    (root / "b.py").write_text(OTHER.replace("2", "3"))
    assert Sources(root, cache).fingerprint("hrm.a") == fingerprint(root, "hrm.a") != wanted
    cache.write_text("{broken")
    assert Sources(root, cache).fingerprint("hrm.a") == fingerprint(root, "hrm.a")


SETTINGS = st.dictionaries(
    st.text(max_size=3), st.integers() | st.floats(allow_nan=False) | st.text(max_size=3), max_size=3
)


@given(SETTINGS, SETTINGS)
def test_keys_are_equal_for_equal_settings_alone(first: dict[str, object], second: dict[str, object]) -> None:
    same = sorted(map(repr, first.items())) == sorted(map(repr, second.items()))
    assert (key_of("train", first, "c", ["a"]) == key_of("train", second, "c", ["a"])) == same


def test_the_order_of_inputs_and_the_kind_count() -> None:
    assert key_of("train", {}, "c", ["a", "b"]) != key_of("train", {}, "c", ["b", "a"])
    assert key_of("train", {}, "c", []) != key_of("evaluation", {}, "c", [])
