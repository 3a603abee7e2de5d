"""Work in stages shows a bar a stage."""

from rich.progress import Progress

from scripts.progress import Stages


def test_each_stage_has_a_bar_and_the_ones_before_it_are_done() -> None:
    shown = Progress(disable=True)
    bars = Stages(shown)

    bars.reach("leaves", 256, 600)
    bars.reach("leaves", 512, 600)
    bars.reach("events", 1000, 4000)

    assert [(bar.description, bar.completed, bar.total) for bar in shown.tasks] == [
        ("leaves", 600, 600),
        ("events", 1000, 4000),
    ]
