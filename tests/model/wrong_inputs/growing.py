"""Wrong files with many mistakes or values."""

from collections.abc import Callable

from tests.model.wrong_inputs.case import GOOD, LABELS, WEST, WrongInput, changed, top, whole

ROWS: dict[int, tuple[WrongInput, ...]] = {
    50: (
        changed(
            "many clusters",
            WEST,
            WEST + "".join(f"      c{n}: {{type: local, netwrok: boston}}\n" for n in range(300)),
            "clusters.c0.netwrok (boston): unknown key",
            "Did you mean `network`?",
            "… and 280 more",
            lacks=("c25.",),
        ),
        top(
            "many unknown keys",
            "\n".join(f"    zebra{n}: 1" for n in range(2020)),
            "zebra0 (1): unknown key",
            "… and 2,000 more",
            lacks=("zebra25",),
        ),
        whole("too large", GOOD + "#" * 2**20, "larger than 1024 KiB"),
    ),
}

Generator = Callable[[int], str]

GROWING: dict[str, Generator] = {
    "wrong clusters": lambda many: GOOD.replace(
        WEST, WEST + "".join(f"      c{n}: {{type: local, netwrok: boston}}\n" for n in range(many))
    ),
    "clusters in no network": lambda many: GOOD.replace(
        WEST, WEST + "".join(f"      c{n}: {{type: local, network: bostn}}\n" for n in range(many))
    ),
    "unknown keys": lambda many: GOOD.replace(
        "    id: mesh1\n", "    id: mesh1\n" + "".join(f"    zebra{n}: 1\n" for n in range(many))
    ),
    "wrong labels": lambda many: GOOD.replace(
        LABELS, f"labels: {{{', '.join(f'l{n}: [{n}]' for n in range(many))}}}"
    ),
    "merged sections": lambda many: GOOD.replace(
        LABELS, f"labels: &l {{{', '.join(f'l{n}: x' for n in range(many))}, <<: [{{zebra: [1]}}]}}"
    ),
}
"""Wrong files whose number of mistakes, or of values, can be chosen."""
