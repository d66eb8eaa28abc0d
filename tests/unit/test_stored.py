"""The file of stored answers."""

from pathlib import Path

import numpy as np
import pytest
from evaluation_doubles import ScriptedModel, scripted_examples

from hrm.core.errors import HrmError
from hrm.evaluation.segments import record_segments
from hrm.evaluation.stored import write_predictions


def test_answers_of_the_judged_segment_and_halt_logits_up_to_it(tmp_path: Path) -> None:
    examples = scripted_examples([1, 3, 9], [2, 1, 9])
    record = record_segments(ScriptedModel(), examples, 4, 2, 3)
    for name in "ab":
        write_predictions(tmp_path / name / "predictions.npz", record.answers, record.q[:3])
    first, second = (tmp_path / name / "predictions.npz" for name in "ab")
    assert first.read_bytes() == second.read_bytes()
    with np.load(first, allow_pickle=False) as stored:
        answers, q = stored["answers"], stored["q"]
    assert answers.dtype == np.uint8 and q.dtype == np.float32 and q.shape == (3, 3, 2)
    assert (answers == examples.labels.numpy()).all(axis=1).tolist() == [True, True, False]
    assert (q[..., 0] > 0).tolist() == [[False, True, False], [True, True, False], [True, True, False]]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    record = record_segments(ScriptedModel(), scripted_examples([1], [1]), 1, 1, 1)
    with pytest.raises(HrmError, match=r"predictions\.npz: cannot be written"):
        write_predictions(tmp_path / "file" / "predictions.npz", record.answers, record.q)
