from shared.runtime.stall_detector import StallDetector


def test_a_partition_without_anything_to_read_is_not_stuck() -> None:
    pulse = StallDetector(timeout=10)
    for now in (0, 20, 40):
        pulse.observe({0: 5}, {0: 5}, now)
    assert pulse.stalled_partitions() == []


def test_records_that_wait_while_the_position_does_not_move_are_noticed() -> None:
    pulse = StallDetector(timeout=10)
    pulse.observe({0: 5, 1: 5}, {0: 9, 1: 9}, 0)
    pulse.observe({0: 5, 1: 6}, {0: 9, 1: 9}, 11)
    assert pulse.stalled_partitions() == [0]
    pulse.observe({0: 6, 1: 6}, {0: 9, 1: 9}, 12)
    assert pulse.stalled_partitions() == []


def test_a_partition_whose_reading_never_begins_is_stuck() -> None:
    pulse = StallDetector(timeout=10)
    for now in (0, 11):
        pulse.observe({0: -1}, {0: 0}, now)
    assert pulse.stalled_partitions() == [0]


def test_a_revoked_partition_has_no_state() -> None:
    pulse = StallDetector(timeout=10)
    pulse.observe({0: 5}, {0: 9}, 0)
    pulse.observe({}, {}, 11)
    assert pulse.stalled_partitions() == []
