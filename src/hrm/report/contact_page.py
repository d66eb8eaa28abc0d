"""One HTML page that holds its pictures: an example at a time, arrow keys and buttons to move on, no network."""

import base64
import html
from collections.abc import Sequence

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0 auto; max-width: 72rem;
  padding: 1rem 1.5rem; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; }
p { margin: .2rem 0 .8rem; max-width: 48rem; }
figure { margin: 0; }
figcaption { font-weight: 600; margin-bottom: .3rem; }
img { width: 100%; height: auto; }
nav { display: flex; gap: .6rem; align-items: center; margin: .8rem 0; }
button { font: inherit; padding: .3rem .9rem; border: 1px solid #767676; border-radius: .3rem; background: #f4f4f4; }
button:focus-visible { outline: 3px solid #0072B2; }
.js figure { display: none; }
.js figure.shown { display: block; }
nav { visibility: hidden; }
.js nav { visibility: visible; }
"""
# Without scripts all examples stand below each other.
_SCRIPT = """
const figures = [...document.querySelectorAll("figure")], place = document.getElementById("place");
let at = 0;
function show(number) {
  figures[at].classList.remove("shown");
  at = (number + figures.length) % figures.length;
  figures[at].classList.add("shown");
  place.textContent = `${at + 1} of ${figures.length}`;
}
const moves = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};
document.addEventListener("keydown", event => {
  if (event.key in moves) { event.preventDefault(); show(at + moves[event.key]); }
  if (event.key === "Home") { event.preventDefault(); show(0); }
  if (event.key === "End") { event.preventDefault(); show(figures.length - 1); }
});
document.getElementById("back").addEventListener("click", () => show(at - 1));
document.getElementById("on").addEventListener("click", () => show(at + 1));
document.documentElement.classList.add("js");
show(0);
"""


def page(title: str, facts: str, pictures: Sequence[tuple[str, bytes]]) -> str:
    """The HTML text; `pictures` are captions and PNG files."""
    figures = "\n".join(
        f"<figure><figcaption>{html.escape(text)}</figcaption>"
        f'<img alt="{html.escape(text)}: input, label and one augmentation" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode()}"></figure>'
        for text, png in pictures
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        f"<h1>{html.escape(title)}</h1>\n<p>{html.escape(facts)}</p>\n"
        '<nav><button id="back" type="button">← Back</button><button id="on" type="button">Next →</button>'
        '<span id="place" aria-live="polite"></span></nav>\n'
        f"{figures}\n<script>{_SCRIPT}</script>\n</body></html>\n"
    )
