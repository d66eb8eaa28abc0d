"""What a task asks of an answer beyond the label: any shortest path is right, a way must lead to the goal."""

from torch import Tensor

from hrm.data.dataset import DatasetInfo
from hrm.data.lattice.rollout import nearly_shortest, rollout
from hrm.data.maze.optimal import is_optimal


def judge(info: DatasetInfo, inputs: Tensor, answers: Tensor, rating: Tensor) -> dict[str, float]:
    """Shares of test examples by the measures of the family of the data set; empty for those that have none.

    Args:
        info: of the data set.
        inputs: (examples, cells) tokens.
        answers: (examples, cells) predicted tokens, on the same device.
        rating: (examples,) difficulty; of mazes the length of the shortest path.

    optimal_path_accuracy: the answer marks exactly one shortest path, whichever; the HRM paper accepts that, its
    released code the labelled path alone, which is exact_accuracy. goal_reached and nearly_shortest: following the
    predicted next cells from the start leads to the goal, and in at most 5 % more cells than the shortest path has.
    """
    if info.family == "maze":
        return {"optimal_path_accuracy": _share(is_optimal(inputs, answers))}
    if info.family == "lattice":
        found = rollout(inputs, answers)
        near = nearly_shortest(found, rating.to(inputs.device))
        return {"goal_reached": _share(found.reached), "nearly_shortest": _share(near)}
    return {}


def _share(right: Tensor) -> float:
    return int(right.sum()) / len(right)
