from itertools import takewhile

from hypothesis import given
from hypothesis import strategies as st

from personametrics.models.packing import WORTH, Tree, common, cut, overlapping

SEQUENCES = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6).map(tuple), min_size=1, max_size=6)


@given(st.integers(0, 5), SEQUENCES)
def test_every_sequence_stands_in_the_row_as_it_would_alone(start: int, sequences: list[tuple[int, ...]]) -> None:
    tree = Tree(start)
    for tokens, path in [(tokens, tree.add(tokens)) for tokens in sequences]:
        assert tuple(tree.tokens[place] for place in path) == tokens
        assert [tree.positions()[place] for place in path] == list(range(start, start + len(tokens)))
        for depth, place in enumerate(path):
            assert set(tree.visible()[place].nonzero()[0]) == {*range(start), *(start + before for before in path[: depth + 1])}


@given(SEQUENCES)
def test_what_sequences_share_is_in_the_row_once(sequences: list[tuple[int, ...]]) -> None:
    tree = Tree(0)
    for tokens in sequences:
        tree.add(tokens)
    assert len(tree.tokens) == len({tokens[: end + 1] for tokens in sequences for end in range(len(tokens))})


def test_a_branch_continues_where_it_is_told_to() -> None:
    tree = Tree(10)
    end = tree.add((1, 2))[-1]
    assert [tree.add(choice, end) for choice in ((3, 4), (3, 5))] == [[2, 3], [2, 4]]
    assert tree.positions() == [10, 11, 12, 13, 13]


@given(SEQUENCES)
def test_shared_tokens_are_counted(sequences: list[tuple[int, ...]]) -> None:
    first, last = sequences[0], sequences[-1]
    assert common(first, last) == len([*takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))])


@given(SEQUENCES)
def test_choices_overlap_if_one_begins_with_another(choices: list[tuple[int, ...]]) -> None:
    different = [*{*choices}]
    assert overlapping(different) == any(first != second and second[: len(first)] == first for first in different for second in different)
    assert overlapping([(), *different])
    assert overlapping([()])


@given(st.lists(st.integers(2, 9), min_size=1, max_size=4), st.integers(1, 6), st.integers(0, 20))
def test_a_row_keeps_to_one_persona(items: list[int], most: int, alike: int) -> None:
    head = tuple(range(1000, 1000 + alike))
    prompts = [
        (*head, *range(2000 * who, 2000 * who + 2 * WORTH), what // 2, *range(what, what + 9))
        for who, many in enumerate(items, 1)
        for what in range(many)
    ]
    while prompts:
        many, shared = cut(prompts[: most + 2], most)
        row, prompts = prompts[:many], prompts[many:]
        assert 1 <= many <= most
        assert len({tokens[alike] for tokens in row}) == 1
        assert many == 1 or shared >= alike + 2 * WORTH
        assert len({tokens[:shared] for tokens in row}) == 1


@given(SEQUENCES, st.integers(1, 6))
def test_what_a_row_is_said_to_share_it_shares(sequences: list[tuple[int, ...]], most: int) -> None:
    many, shared = cut(sequences, most)
    assert 1 <= many <= min(most, len(sequences))
    assert len({tokens[:shared] for tokens in sequences[:many]}) == 1
