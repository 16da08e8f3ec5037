"""The page that is made of the newest results."""

import json
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.ablation import ablation
from benchmarks.report import TEMPLATE, render
from benchmarks.summary import summary
from tests.benchmarks.runs import part, run

BESIDE = part(
    run("rest", "ours", rate=300, cpu_us=100),
    run("rest", "peer", rate=200, cpu_us=50),
    run("day", "ours", chats_p50=1, chats_p95=2, chats_p99=3),
)
PIECES = part(
    run("rest", "ours", cpu_us=100),
    run("rest", "without http", cpu_us=250),
    run("history", "ours", cpu_us=10),
    run("history", "without http", cpu_us=20, errors=1),
)
WORKERS = part(run("rest", "1 worker", rate=100), run("rest", "2 workers", rate=180))

DOORS = part(run("idle", "native", kib=20), run("idle", "Socket.IO", kib=40))


class TestPage:
    def test_says_what_was_not_measured(self) -> None:
        page = render("{{ table }} {{ workers }}", {}, [])
        assert page.count("Not measured yet") == 2

    def test_fills_in_what_was(self) -> None:
        page = render("{{ table }}\n{{ day }}\n{{ how }}", {"peer": BESIDE}, [])
        assert "2026-01-02, commit `0123456`, 3 rounds, 2 cores (A processor)" in page
        assert "| REST sends, each delivered | 300 a second | 200 | 1.50 × | 1.3 × | met |" in page
        assert "| … server's processor for one | 100 µs | 50 | 0.50 × | 1 × | missed |" in page
        assert "| the list of chats | 1 | 2 | 3 | – | – |" in page
        assert "`uvicorn a:b`" in page

    def test_compares_the_doors(self) -> None:
        page = render("{{ doors }}", {"doors": DOORS}, [])
        assert "| Memory of an idle socket, of many | 40 KiB | 20 | 0.50 × |" in page

    def test_says_that_something_was_not_committed(self) -> None:
        page = render("{{ table }}", {"peer": part(*BESIDE.runs, changed=True)}, [])
        assert "with changes that were not committed" in page

    def test_shows_the_plots_that_were_drawn(self) -> None:
        page = render("{{ plot_ratios }}{{ plot_day }}", {}, ["ratios"])
        assert 'src="performance/ratios.svg"' in page
        assert 'srcset="performance/ratios-dark.svg"' in page
        assert "day" not in page

    def test_keeps_the_words_of_the_template(self) -> None:
        parts = {"peer": BESIDE, "pieces": PIECES, "workers": WORKERS, "doors": DOORS}
        page = render(TEMPLATE.read_text(), parts, [])
        assert "## What is still slow" in page
        assert "{{" not in page

    def test_knows_every_field(self) -> None:
        with pytest.raises(KeyError, match="tabel"):
            render("{{ tabel }}", {}, [])


class TestAblation:
    def test_is_a_multiple_of_the_whole(self) -> None:
        titles, rows = ablation(PIECES.runs)
        assert titles == ["server's processor for", "a REST send", "a read of 50"]
        assert rows[1][:2] == ["without http", "2.50 ×"]

    def test_leaves_out_what_failed(self) -> None:
        assert ablation(PIECES.runs)[1][1][2] == "–"


class TestSummary:
    def test_names_what_failed(self) -> None:
        failed = part(run("rest", "peer", errors=4, rate=1))
        assert "rest of peer, round 1: 4 errors" in summary("peer", failed)

    def test_compares_two_workers_with_one(self) -> None:
        assert "1.80 ×" in summary("workers", WORKERS)


class TestResults:
    def test_survive_a_file(self, tmp_path: Path) -> None:
        results.save("peer", BESIDE, tmp_path / "a.json")
        assert results.newest(tmp_path) == {"peer": BESIDE}

    def test_parts_of_a_day_share_a_file(self, tmp_path: Path) -> None:
        results.save("peer", BESIDE, tmp_path / "a.json")
        results.save("pieces", PIECES, tmp_path / "a.json")
        results.save("peer", WORKERS, tmp_path / "a.json")
        assert results.newest(tmp_path) == {"peer": WORKERS, "pieces": PIECES}

    def test_the_newest_of_each_part_counts(self, tmp_path: Path) -> None:
        later = part(*BESIDE.runs, made="2026-03-01T00:00:00+00:00")
        results.save("peer", later, tmp_path / "a.json")
        results.save("peer", BESIDE, tmp_path / "b.json")
        results.save("pieces", PIECES, tmp_path / "b.json")
        assert results.newest(tmp_path) == {"peer": later, "pieces": PIECES}

    def test_are_readable(self, tmp_path: Path) -> None:
        results.save("peer", BESIDE, tmp_path / "new" / "a.json")
        kept = json.loads((tmp_path / "new" / "a.json").read_text())
        assert kept["parts"]["peer"]["runs"][0]["scenario"] == "rest"
