"""`make bench`: what Grondslag costs on this machine, as ratios in one run. Takes a few minutes.

ARGS="--quick" for a first look, ARGS="--json FILE" for the figures as JSON, ARGS="--size 1" for the demo's
full registers.
"""

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bench import entries, long_trail, policy
from bench.chain import BenchChain, Cost, running_chain
from bench.machine import yardstick_ms
from bench.peer import running_peer
from bench.rounds import Rounds, in_turn
from bench.workload import QUESTIONS
from contract.codes import BROKER
from policies import load_release
from tests.opa import opa_server
from tests.postgres import postgres_server

Figures = dict[str, dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a third of the rounds, and not the whole policy space"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("--size", type=float, default=0.2, help="registers, as a share of the demo's")
    chosen = parser.parse_args()
    share = 3 if chosen.quick else 1
    figures: Figures = {}
    _say(f"# Bench\n\nPython {platform.python_version()}, {platform.system()} {platform.machine()}.\n")
    with tempfile.TemporaryDirectory() as folder, running_chain(Path(folder), size=chosen.size) as chain:
        _chain(chain, figures, share)
    _entries(figures, 6 // share)
    _long(figures, 200_000 if chosen.quick else 3_000_000, 10_000 if chosen.quick else 100_000)
    _policy(figures, 6 // share, whole=not chosen.quick)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _chain(chain: BenchChain, figures: Figures, share: int) -> None:
    work = chain.workload
    chain.run(work.enrichment, 10, 4)  # warm
    rest = chain.look_at_rest()
    before = yardstick_ms()
    enrichment = chain.run(work.enrichment, 60 // share, 1)
    single = chain.run(work.single, 60 // share, 1)
    crowd = chain.run(work.enrichment, 96 // share, 8)
    yardstick = (before + yardstick_ms()) / 2
    _say("## The chain: real processes on loopback, SQLite, policy in process\n")
    _say("| | CPU ms | broker | requester | four holders | the rest | p50 ms | p95 ms | per second |")
    _say("|---|---|---|---|---|---|---|---|---|")
    for name, one in (
        ("enrichment of 20, 1 at a time", enrichment),
        ("enrichment of 20, 8 at a time", crowd),
        ("single question, 1 at a time", single),
    ):
        _say(_row(name, one))
        figures[name] = _figures(one, yardstick)
    _say(f"\nAll processes at rest: {rest:.0f} CPU-ms a second, taken off above.")
    _say(f"Yardstick (ES256 signed and verified, 2,000 turns of a loop): {yardstick:.3f} CPU-ms.\n")
    _say("| ratio | |\n|---|---|")
    _say(f"| CPU of an enrichment of 20 / yardstick | {enrichment.total_cpu_ms / yardstick:.0f} |")
    _say(f"| CPU per question in it / CPU of a single question | {_share(enrichment, single):.2f} |")
    _say(f"| p50 at 8 at a time / p50 at 1 | {crowd.median_ms / enrichment.median_ms:.2f} |")
    _beside(chain, figures, 9 // share)


def _beside(chain: BenchChain, figures: Figures, rounds: int) -> None:
    """Enrichments in turn with requests to the peer."""
    try:
        with running_peer() as peer:
            measured: list[Cost] = []

            def ours() -> float:
                measured.append(chain.run(chain.workload.enrichment, 20, 1))
                return measured[-1].total_cpu_ms

            whole = in_turn(ours, lambda: peer.cpu_ms(500), rounds)
    except pytest.skip.Exception as skipped:
        _say(f"| beside nginx with OPA | skipped: {skipped} |")
        return
    centre = [one.total_cpu_ms - one.cpu_ms["veilig_thuis"] for one in measured[1:]]
    question = Rounds(tuple(ms / QUESTIONS for ms in centre), whole.peer)
    _, peer_ms = _median(whole)
    _say(f"| CPU of an enrichment of 20 / a request to nginx with OPA ({peer_ms:.2f} ms) | {whole.ratio} |")
    _say(f"| CPU per question, broker and holders / the same | {question.ratio} |")
    figures["enrichment beside nginx with OPA"] = _rounds(whole)
    figures["question beside nginx with OPA"] = _rounds(question)


def _entries(figures: Figures, rounds: int) -> None:
    _say("\n## Durable entries, beside plain inserts of 20 rows a commit\n")
    _say("| database | callers | entries/s | rows/s | ratio |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        names = iter(range(1_000))
        _entries_on("SQLite", lambda: f"sqlite:///{folder}/{next(names)}.sqlite", figures, rounds)
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres_server(fsync=True))
        except pytest.skip.Exception as skipped:
            _say(f"| PostgreSQL | | | | skipped: {skipped} |")
            return
        _entries_on("PostgreSQL", server.database, figures, rounds)


def _entries_on(name: str, url: Callable[[], str], figures: Figures, rounds: int) -> None:
    for at_once in (1, 16):
        measured = entries.measure(url, at_once, rounds)
        ours, peer = _median(measured)
        _say(f"| {name} | {at_once} | {ours:,.0f} | {peer:,.0f} | {measured.ratio} |")
        figures[f"entries, {name}, {at_once} callers"] = _rounds(measured)


def _long(figures: Figures, count: int, subjects: int) -> None:
    _say("\n## A long trail\n")
    _say("| database | entries | last tenth / first tenth | entries/s | a proof p50, p99 ms |")
    _say("|---|---|---|---|---|")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        places = {"SQLite": [f"sqlite:///{folder}/{name}.sqlite" for name in "abcd"]}
        try:
            server = stack.enter_context(postgres_server(fsync=True))
            places["PostgreSQL"] = [server.database() for _ in range(4)]
        except pytest.skip.Exception as skipped:
            _say(f"| PostgreSQL | skipped: {skipped} | | | |")
        for name, urls in places.items():
            one = long_trail.grown(urls[0], urls[1], count)
            figures[f"long trail, {name}"] = vars(one)
            proofs = f"{one.proof_ms:.2f}, {one.proof_p99_ms:.2f}"
            _say(f"| {name} | {one.entries:,} | {one.growth:.2f} | {one.per_second:,.0f} | {proofs} |")
        _say(
            "\n| database | obligations | folded s | read into the book s | one step more, durable, p50 ms |"
        )
        _say("|---|---|---|---|---|")
        for name, urls in places.items():
            told = long_trail.owed(urls[2], urls[3], subjects)
            figures[f"obligations, {name}"] = vars(told)
            cells = f"{told.fold_s:.1f} | {told.book_s:.1f} | {told.step_ms:.1f}"
            _say(f"| {name} | {told.subjects:,} | {cells} |")


def _policy(figures: Figures, rounds: int, *, whole: bool) -> None:
    release = load_release()
    twenty = policy.twenty_beside_one(release, rounds)
    figures["20 decisions beside one"] = _rounds(twenty)
    _say("\n## Policy\n\n| | |\n|---|---|")
    if whole:
        seconds, count = policy.table_seconds(release)
        figures["whole policy space"] = {"cpu_s": seconds, "cells": count}
        _say(f"| whole space, {count:,} cells, one core | {seconds:.0f} s |")
    _say(f"| 20 decisions in one call / one decision, in process | {twenty.ratio} |")
    with ExitStack() as stack:
        try:
            url = stack.enter_context(opa_server(release))
        except pytest.skip.Exception as skipped:
            _say(f"| OPA server / in process | skipped: {skipped} |")
            return
        server = policy.server_beside_embedded(release, url, rounds)
    ours, peer = _median(server)
    figures["OPA server beside embedded, 20 decisions"] = _rounds(server)
    _say(f"| 20 decisions: OPA server / in process ({ours:.1f} / {peer:.1f} ms) | {server.ratio} |")


def _row(name: str, one: Cost) -> str:
    holders = sum(one.cpu_ms[partner] for partner in ("politie", "om", "reclassering", "rvdk"))
    rest = one.cpu_ms["issuer"] + one.cpu_ms["rvdk_register"]
    cpu = (one.total_cpu_ms, one.cpu_ms[BROKER], one.cpu_ms["veilig_thuis"], holders, rest)
    times = (one.median_ms, one.percentile(0.95), one.count / one.wall_s)
    return f"| {name} | " + " | ".join(f"{value:.1f}" for value in (*cpu, *times)) + " |"


def _figures(one: Cost, yardstick: float) -> dict[str, Any]:
    return {
        "cpu_ms": dict(one.cpu_ms),
        "total_cpu_ms": one.total_cpu_ms,
        "yardstick_ms": yardstick,
        "p50_ms": one.median_ms,
        "p95_ms": one.percentile(0.95),
        "per_second": one.count / one.wall_s,
        "count": one.count,
    }


def _share(enrichment: Cost, single: Cost) -> float:
    return enrichment.total_cpu_ms / 20 / single.total_cpu_ms


def _median(rounds: Rounds) -> tuple[float, float]:
    ours, peer = sorted(rounds.ours), sorted(rounds.peer)
    return ours[len(ours) // 2], peer[len(peer) // 2]


def _rounds(rounds: Rounds) -> dict[str, Any]:
    return {"ours": rounds.ours, "peer": rounds.peer, "ratio": rounds.ratio.median}


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
