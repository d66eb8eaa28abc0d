"""A film as an animated GIF, which every browser and viewer plays."""

from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from hrm.core.files import atomic_path
from hrm.report.figure_steps import draw_moving, moving_frames
from hrm.report.film import Film

DPI = 100
FRAME_MILLISECONDS = 500
PAUSE_MILLISECONDS = 3000  # on the last frame, before it starts over


def save_animation(film: Film, target: Path) -> int:
    """Write the film as GIF and return the number of its frames."""
    chosen = moving_frames(film)
    before = [None, *(frame.cells for frame in chosen)]
    pictures = [_picture(draw_moving(film, frame, cells)) for frame, cells in zip(chosen, before, strict=False)]
    # One palette for all, so that what stays the same does not flicker.
    palette = Image.fromarray(np.concatenate([np.asarray(picture) for picture in pictures])).quantize()
    first, *others = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    durations = [FRAME_MILLISECONDS] * len(others) + [PAUSE_MILLISECONDS]
    with atomic_path(target) as temporary:
        first.save(temporary, format="GIF", save_all=True, append_images=others, duration=durations, loop=0)
    return len(pictures)


def _picture(figure: Figure) -> Image.Image:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return Image.open(buffer).convert("RGB")
