"""The page's HTML from its variables. Equal variables give equal bytes: no clock, no random names."""

import base64
import datetime
import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hrm.core.files import write_text
from hrm.report.page.context import Places, page_context

SECONDS_A_MINUTE, SECONDS_AN_HOUR = 60, 3600
JOULES_A_KILOWATT_HOUR = 3.6e6


def render(context: dict[str, Any]) -> str:
    """The whole page, from what `hrm.report.page.context.page_context` gives; every value is escaped."""
    environment = Environment(
        loader=PackageLoader("hrm.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"duration": duration, "energy": energy, "short": short, "moment": moment, "tied": tied}
    style = _template("style.css") + context["drawings"].style()
    script = _template("page.js")
    parts = {"style": Markup(style), "script": Markup(script), "policy": _policy(style, script)}
    return environment.get_template("page.html").render(context | parts)


def _template(name: str) -> str:
    return (files("hrm.report") / "templates" / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """What a browser may do with the page: show its own pictures, and run this script and no other."""
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script))
    style_hash, script_hash = (f"'sha256-{digest}'" for digest in hashes)
    return f"default-src 'none'; img-src data:; style-src {style_hash}; script-src {script_hash}"


def write_page(places: Places, scale: str, out: Path) -> str:
    """Write the page of a scale, and say where it is and how large."""
    page = render(page_context(places, scale))
    write_text(out, page)
    return f"{out}: {len(page.encode()) / 1e6:.1f} MB"


def duration(seconds: float | None) -> str:
    """Seconds as a reader says them."""
    if seconds is None:
        return "–"
    if seconds < SECONDS_A_MINUTE:
        return f"{seconds:.1f} s"
    if seconds < SECONDS_AN_HOUR:
        return f"{seconds / SECONDS_A_MINUTE:.1f} min"
    return f"{seconds / SECONDS_AN_HOUR:.1f} h"


def energy(joules: float | None) -> str:
    """Joules, in kWh where there are many; a dash where nothing is known."""
    if joules is None:
        return "-"
    if joules < JOULES_A_KILOWATT_HOUR / 10:
        return f"{joules:,.0f} J"
    return f"{joules / JOULES_A_KILOWATT_HOUR:,.2f} kWh"


def short(digest: str | None) -> str:
    """The first digits of a commit or hash."""
    return "unknown" if digest is None else digest[:10]


def moment(time: str) -> str:
    """A time of a record to the minute; as it stands where it is none."""
    try:
        found = datetime.datetime.fromisoformat(time)
    except ValueError:
        return time
    return f"{found.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"


def tied(text: str) -> str:
    """No line begins with a per cent sign."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")
