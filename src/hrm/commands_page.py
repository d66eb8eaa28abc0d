"""docs/commands.md, made from the parsers of all commands: `python -m hrm.commands_page docs/commands.md`."""

import argparse
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from hrm.cli import COMMANDS
from hrm.core.files import write_text

HEAD = """# Commands

<!-- Written by `python -m hrm.commands_page docs/commands.md` from the commands themselves: do not edit. -->

Each has `--help`. Bad input ends with one line that names the file, the key and what is allowed, and with exit code 2.

| command | does |
|---|---|
"""


def commands_page() -> str:
    """The page: what each command does, and its options."""
    lines = [f"| [`hrm {name}`](#hrm-{name}) | {text} |" for name, text in COMMANDS.items()]
    for name, text in COMMANDS.items():
        parser = argparse.ArgumentParser(prog=f"hrm {name}", add_help=False)
        importlib.import_module(f"hrm.commands.{name.replace('-', '_')}").add_arguments(parser)
        lines += ["", f"## hrm {name}", "", f"{_sentence(text)}.", *_options(parser)]
        for told, sub in _sub_commands(parser):
            lines += ["", f"### {sub.prog}", "", f"{_sentence(told)}.", *_options(sub)]
    return HEAD + "\n".join(lines) + "\n"


def _sub_commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Sub-commands with what each does."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            told = {choice.dest: choice.help or "" for choice in action._choices_actions}
            yield from ((told[name], sub) for name, sub in action.choices.items())


def _options(parser: argparse.ArgumentParser) -> list[str]:
    """A table of the arguments and options, then one of each named group of `--help`."""
    lines: list[str] = []
    plain: list[argparse.Action] = []
    named: list[tuple[str, list[argparse.Action]]] = []
    for group in parser._action_groups:
        actions = [action for action in group._group_actions if not _is_no_option(action)]
        if group in (parser._positionals, parser._optionals):
            plain += actions
        elif actions:
            named.append((group.title or "", actions))
    for title, actions in [("", plain), *named]:
        if actions:
            lines += ["", f"{_sentence(title)}:"] if title else []
            lines += ["", "| option | meaning |", "|---|---|"]
            lines += [f"| {_name(action)} | {_meaning(action)} |" for action in actions]
    return lines


def _is_no_option(action: argparse.Action) -> bool:
    return isinstance(action, argparse._SubParsersAction | argparse._HelpAction)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _name(action: argparse.Action) -> str:
    value = action.metavar if isinstance(action.metavar, str) else ""
    if not action.option_strings:
        return f"`{value or action.dest}`"
    takes = "" if action.nargs == 0 else f" {value or action.dest.upper()}"
    more = " ..." if action.nargs in ("+", "*") else ""
    return ", ".join(f"`{name}{takes}{more}`" for name in action.option_strings)


def _meaning(action: argparse.Action) -> str:
    text = action.help or ""
    if action.choices is not None:
        text += f" (one of {', '.join(map(str, action.choices))})"
    if action.required and action.option_strings:
        text += "; required"
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    write_text(Path(sys.argv[1]), commands_page())
