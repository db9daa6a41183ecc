from bench.load.group_clients import Ears, Heard
from bench.measure.cpu_accounting import Used
from bench.scenarios.fanout import fanned


def test_a_frame_counts_once_for_each_member_and_from_the_intended_sending() -> None:
    ears = Ears("f1", [100.0, 101.0])
    ears.delivered("ann", "c", "f1.0", 1, 100.5)
    ears.delivered("ben", "c", "f1.0", 1, 100.25)
    ears.delivered("ben", "c", "f1.1", 2, 101.75)
    assert ears.latencies == [0.5, 0.25, 0.75]
    assert ears.doubled == 0


def test_what_comes_again_or_from_another_round_is_no_frame() -> None:
    ears = Ears("f1", [100.0])
    ears.delivered("ann", "c", "f0.0", 7, 100.0)
    ears.delivered("ann", "c", "f1.0", 8, 100.5)
    ears.delivered("ann", "c", "f1.0", 8, 100.6)
    assert (len(ears.latencies), ears.doubled) == (1, 1)


def test_a_round_of_a_group_that_lost_a_frame_does_not_count() -> None:
    used = Used(seconds=5, cpu={"stock": 0.001, "driver": 1.0}, steal=0, others=0)
    heard = Heard(sent=1, frames=10, lost=0, doubled=0, closed=0, latencies=[0.01], lateness=[0.0])
    whole = fanned(10, 1, heard, used)
    assert (whole.server, whole.marks) == (100.0, [])
    assert fanned(10, 1, heard.model_copy(update={"lost": 1}), used).marks == ["lost 1"]
