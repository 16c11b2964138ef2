"""Room for words: how wide text is, where it breaks, and how labels keep apart."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.charts.lettering import Box, beside, evenly, spread, width, wrapped


def test_a_text_is_as_wide_as_its_letters_in_the_typeface():
    # Source Sans Pro: a is 504 and 0 is 497 thousandths of the size wide; Japanese is set in full squares.
    assert width("a", size=1000) == pytest.approx(504)
    assert width("a0", size=12) == pytest.approx(12 * 1.001)
    assert width("日本", size=12) == pytest.approx(24)
    assert width("Canton", bold=True) > width("Canton")
    assert width("") == 0


@given(st.text("abc defg日本", max_size=80), st.integers(30, 200), st.integers(1, 3))
def test_wrapped_lines_fit_and_lose_nothing_unless_they_say_so(text, limit, lines):
    for make in (wrapped, evenly):
        made = make(text, limit, lines=lines)
        assert len(made) <= lines
        assert all(width(line) <= limit for line in made)
        if made and not made[-1].endswith("…"):
            assert "".join(made).replace(" ", "") == "".join(text.split())


def test_no_text_has_no_lines():
    assert wrapped("  ", 100) == evenly("", 100) == []


@given(st.lists(st.tuples(st.floats(-50, 350), st.integers(10, 40)), max_size=12))
def test_spread_labels_keep_their_order_and_do_not_overlap(labels):
    wanted, sizes = [label[0] for label in labels], [label[1] for label in labels]
    tops = spread(wanted, sizes, low=0, high=300)
    order = sorted(range(len(labels)), key=lambda n: wanted[n])
    for above, below in pairwise(order):
        assert tops[above] + sizes[above] <= tops[below] + 1e-6
    if sum(sizes) <= 300:
        assert all(-1e-6 <= top <= 300 - size + 1e-6 for top, size in zip(tops, sizes, strict=True))


def test_spread_moves_only_what_would_overlap_and_as_little_as_can_be():
    # 40 and 44 overlap by 16: each gives way by 8. 200 is far enough away to stay.
    assert spread([40.0, 44.0, 200.0], [20, 20, 20], low=0, high=300) == [32.0, 52.0, 200.0]
    assert spread([290.0], [20], low=0, high=300) == [280.0]
    assert spread([], [], low=0, high=300) == []


PAGE = Box(0, 0, 300, 200)


def test_a_label_stands_at_the_right_of_its_point_where_there_is_room():
    box = beside([(100, 100)], [(50, 14)], within=PAGE)[0]
    assert box.left > 100
    assert (box.top + box.bottom) / 2 == 100


def test_a_label_keeps_off_the_edge_other_points_and_what_is_taken():
    edge = beside([(290, 100)], [(50, 14)], within=PAGE)[0]
    assert edge.right <= 300
    assert edge.shared(Box(290, 100, 290, 100).grown(4)) == 0
    shut = Box(100, 0, 300, 200)
    assert beside([(100, 100)], [(50, 14)], within=PAGE, taken=[shut])[0].right <= 100
    boxes = beside([(100, 100), (130, 100)], [(50, 14), (50, 14)], within=PAGE)
    assert boxes[0].shared(boxes[1]) == 0
    assert boxes[0].shared(Box(130, 100, 130, 100).grown(4)) == 0


def test_a_label_leans_where_it_is_asked_to():
    above, below = (beside([(100, 100)], [(50, 14)], within=PAGE, lean=[way])[0] for way in (-1, 1))
    assert above.bottom < 100 < below.top


def test_boxes_share_what_lies_in_both():
    assert Box(0, 0, 10, 10).shared(Box(5, 5, 20, 20)) == 25
    assert Box(0, 0, 10, 10).shared(Box(10, 0, 20, 10)) == 0
