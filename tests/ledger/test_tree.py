"""The hash tree obole-tree-1: the worked examples of the facts on the audit pack (section 5), RFC 6962 and RFC 9162."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.tree import (
    NOTHING,
    Hashed,
    NotSealable,
    Tree,
    in_order,
    leaf_data,
    leaf_hash,
    path_of,
    proves,
    root_of,
    salt_of,
    seal_root,
    text_of,
    top_leaf,
)

KEY = bytes(range(16))
# The usual inputs of certificate transparency, and the roots over the first 1 ... 8 of them.
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
# fmt: off
GIFTS = (
    ("2025/000001", "2025-01-03", "2500", "EUR", "731100", "e31e5eb7169efe4906430aa22bf46c6d",
     "8bd6a4e816e51d6e24769a4d585e3def4ed3c9edac222107e7576cde464c16cf"),
    ("2025/000002", "2025-01-03", "4000", "EUR", "731100", "679719d30992e427c98145f560d45ff7",
     "2c3d474a8ca385d1eb20b023fddee5fa5d3852838be69d127ea62cc93b55cf84"),
    ("2025/000003", "2025-02-28", "120000", "EUR", "731100", "0f39fb9d27c615d89215e46c0cab1d1b",
     "013222450182c134739089a40f0dde763d14d845b41243aabeb6f9558a16b19a"),
    ("2025/000004", "2025-03-01", "-2500", "EUR", "731100", "097d3d3ea0c0af3ecfce831181269cb6",
     "6955fe47970f5b25ff853f0df3f0afdf73e35c942690a37a69fd77e0b6a04110"),
    ("2025/000005", "2025-12-31", "5000", "EUR", "731200", "8d7174d0e968bc70c3230ead93496f26",
     "52c8b085c212749695fd9e36220b7f237b0ff152678b42085ee70e2205b9d54d"),
)
# fmt: on
LEAVES = [bytes.fromhex(one[-1]) for one in GIFTS]
GIFT_ROOT = "f2ffc8dc0bc43c9539dbb719a107746427bc7647a5c7a0cef5847ca7d88ad384"
ACCOUNT_ROOT = "2ba40cb5c80046d76b249a49cebf78998fe6e41355b3274139695bb2de3ace78"
N01 = "8b3c336f364ea8e20239e57a556cf752c1e187d53ea1192fc601dee0e9d3773c"
N0123 = "fd3cc90cf1904add717822ec61b49d30865866aa98f68f03bb7bd0423f9132d7"
DOUBLED = "3db1b70a541900aceb552b0cee5df91e89665ba90833c2ac6be7b58f2a1818a6"


@pytest.mark.parametrize("row", GIFTS)
def test_a_leaf_of_the_example_has_its_salt_and_its_hash(row: tuple[str, ...]):
    key, *fields, salt, expected = row
    assert salt_of(KEY, "gift", key) == salt
    data = leaf_data("gift", key, fields, salt)
    assert data.decode() == '["obole-leaf-1","gift","' + '","'.join([key, *fields, salt]) + '"]'
    assert leaf_hash(data).hex() == expected


def test_the_gift_tree_of_the_example():
    assert root_of(LEAVES).hex() == GIFT_ROOT
    assert root_of(LEAVES[:2]).hex() == N01
    assert root_of(LEAVES[2:4]).hex() == "0e996fde1d596cd0af4a3a9414764d5f65449f9788e0e9e60759569f44f3bc44"
    assert root_of(LEAVES[:4]).hex() == N0123
    assert root_of([*LEAVES, *[LEAVES[-1]] * 3]).hex() == DOUBLED != GIFT_ROOT  # an odd node is carried up


def test_the_paths_of_the_example():
    assert [one.hex() for one in path_of(LEAVES, 2)] == [GIFTS[3][-1], N01, GIFTS[4][-1]]
    assert [one.hex() for one in path_of(LEAVES, 4)] == [N0123]


def test_the_top_of_the_example():
    leaves = [b'["obole-leaf-1","account","550000","123456"]', b'["obole-leaf-1","account","731100","-124000"]']
    assert root_of(map(leaf_hash, leaves)).hex() == ACCOUNT_ROOT
    account, gift = Tree("account", 2, ACCOUNT_ROOT), Tree("gift", 5, GIFT_ROOT)
    assert top_leaf(2025, account).hex() == "e07b9053bc0c1fc35a94f11cddfd33cee9a94b29910668920c872d543cfc0327"
    assert top_leaf(2025, gift).hex() == "e75dc3c580b5f7bc23bd65fb0fd6e9e0a84ad7baceb0363b370897e13bce3f02"
    for trees in ((account, gift), (gift, account)):
        assert seal_root(2025, trees) == "df51181c9191ee64e3227beb75e9d771faf9aeb98fad99c4689ff2dfa31799fc"


def test_the_known_answers_of_certificate_transparency():
    leaves = [leaf_hash(bytes.fromhex(one)) for one in INPUTS]
    assert NOTHING.hex() == root_of([]).hex()[:8] + NOTHING.hex()[8:]
    assert NOTHING.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root_of(leaves[:1]).hex().startswith("6e340b9c")
    assert root_of(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_every_path_of_small_trees_proves_its_leaf_and_no_path_of_another_length_does():
    for size in range(1, 70):
        leaves = [leaf_hash(bytes([number])) for number in range(size)]
        root = root_of(leaves)
        for index in range(size):
            path = path_of(leaves, index)
            assert proves(leaves[index], index, size, path, root)
            with pytest.raises(ValueError, match="too long"):
                proves(leaves[index], index, size, [*path, root], root)
            if path:
                with pytest.raises(ValueError, match="too short"):
                    proves(leaves[index], index, size, path[:-1], root)
                assert not proves(leaves[index], index, size, [*path[:-1], root], root)


@pytest.mark.parametrize("index", [-1, 5])
def test_a_place_outside_the_tree_is_an_error(index: int):
    with pytest.raises(ValueError, match="no leaf"):
        path_of(LEAVES, index)
    with pytest.raises(ValueError, match="no leaf"):
        proves(LEAVES[0], index, 5, [], LEAVES[0])


def test_a_proof_of_450_000_gifts_has_19_hashes_and_14_for_the_last():
    """The shape of the tree alone: 2^18 < 450 000 < 2^19."""
    leaves = [NOTHING] * 450_000
    assert len(path_of(leaves, 0)) == 19
    assert len(path_of(leaves, 449_999)) == 14


def test_texts_are_hashed_as_stored_and_a_lone_surrogate_is_refused():
    composed, decomposed = "\u00e9", "e\u0301"
    assert leaf_data("entry", "a", [composed], "") != leaf_data("entry", "a", [decomposed], "")
    assert leaf_data("entry", "a", ['"\\\n/'], "") == b'["obole-leaf-1","entry","a","\\"\\\\\\n/",""]'
    assert text_of([["a", ""], ["b"]]) == '[["a",""],["b"]]'
    with pytest.raises(NotSealable, match="udcff"):
        leaf_data("entry", "a", ["\udcff"], "")


@pytest.mark.parametrize("keys", [["a", "a"], ["b", "a"], ["é", "z"]])
def test_leaves_stand_in_the_order_of_their_bytes_each_once(keys: list[str]):
    with pytest.raises(NotSealable, match="two facts"):
        list(in_order(Hashed(key, NOTHING) for key in keys))


FIELDS = st.lists(st.text(st.characters(codec="utf-8"), max_size=8), max_size=3)


@given(st.lists(FIELDS, min_size=1, max_size=20), st.data())
def test_any_other_leaf_gives_another_root(rows: list[list[str]], data: st.DataObject):
    hashes = [leaf_hash(leaf_data("entry", str(place), fields, "")) for place, fields in enumerate(rows)]
    index = data.draw(st.integers(0, len(rows) - 1))
    other = data.draw(FIELDS.filter(lambda fields: fields != rows[index]))
    changed = [*hashes]
    changed[index] = leaf_hash(leaf_data("entry", str(index), other, ""))
    assert root_of(changed) != root_of(hashes)
    assert root_of(hashes[:index] + hashes[index + 1 :]) != root_of(hashes)
    assert not proves(changed[index], index, len(hashes), path_of(hashes, index), root_of(hashes))
