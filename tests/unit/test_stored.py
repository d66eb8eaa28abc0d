"""The file of stored answers."""

from pathlib import Path

import numpy as np
import pytest
from evaluation_doubles import ScriptedModel, scripted_examples

from hrm.core.errors import HrmError
from hrm.evaluation.segments import record_segments
from hrm.evaluation.stored import NAME, predictions_file, save_predictions


def test_answers_of_the_judged_segment_and_halt_logits_up_to_it(tmp_path: Path) -> None:
    examples = scripted_examples([1, 3, 9], [2, 1, 9])
    record = record_segments(ScriptedModel(), examples, 4, 2, 3)
    arrays = predictions_file(record, 3)
    assert arrays["answers"].dtype == np.uint8 and arrays["q"].dtype == np.float32
    assert (arrays["answers"] == examples.labels.numpy()).all(axis=1).tolist() == [True, True, False]
    assert arrays["q"].shape == (3, 3, 2)
    assert (arrays["q"][..., 0] > 0).tolist() == [[False, True, False], [True, True, False], [True, True, False]]
    for name in "ab":
        save_predictions(tmp_path / name, arrays)
    assert (tmp_path / "a" / NAME).read_bytes() == (tmp_path / "b" / NAME).read_bytes()
    with np.load(tmp_path / "a" / NAME, allow_pickle=False) as stored:
        assert set(stored) == {"answers", "q"} and all((stored[name] == arrays[name]).all() for name in stored)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HrmError, match=r"predictions\.npz: cannot be written"):
        save_predictions(tmp_path / "file", {"answers": np.zeros((1, 1), dtype=np.uint8)})
