"""A kind of partner that does not come with the program: the adapter that adapters/registers/README.md shows,
an extract for it, and the hand-out that names it.
"""

import csv
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from contract.identity import Identity

_ROOT = Path(__file__).parents[1]
_README = _ROOT / "adapters" / "registers" / "README.md"


def example() -> dict[str, Any]:
    """The first Python block of the README, run."""
    code = re.search(r"```python\n(.*?)```", _README.read_text(encoding="utf-8"), re.DOTALL)
    assert code
    names: dict[str, Any] = {}
    exec(compile(code.group(1), _README.name, "exec"), names)
    return names


def extract(folder: Path, persons: Mapping[str, Identity], today: date) -> None:
    """The files of a night, with a measure for each of these; one whose key is a mark has that mark."""
    columns = example()["SHAPE"].columns
    rows = []
    for name, one in persons.items():
        row = {"key": name, **{field: getattr(one, field) for field in columns if hasattr(one, field)}}
        row |= {mark: str(int(mark == name)) for mark in ("shielded", "deceased", "in_doubt")}
        rows.append({columns[field]: value for field, value in row.items()})
    measures = [{"id": name, "kind": "guardianship", "start": "2025-01-01", "end": ""} for name in persons]
    files = {}
    for file, content in (("children.csv", rows), ("measures.csv", measures)):
        with (folder / file).open("w", newline="") as out:
            writer = csv.DictWriter(out, content[0].keys())
            writer.writeheader()
            writer.writerows(content)
        raw = (folder / file).read_bytes()
        counts = {"rows": len(content), "rows_before": len(content), "largest_drop": 0.1}
        files[file] = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest(), **counts}
    (folder / "extract.json").write_text(json.dumps({"extracted_on": today.isoformat(), "files": files}))


PARTNER = {
    "nl": "gecertificeerde instelling",
    "en": "guardianship organisation",
    "short": "GI",
    "in_sentence": "de gecertificeerde instelling",
    "asked_about": "voogdij en gezinsvoogdij",
    "duties": [],
    "answers_by_machine": True,
    "about_victims": False,
    "about_minors": True,
    "requests": {"each": {"months": 1, "days": 0, "more_months": 2, "more_days": 0, "basis": "AVG 12(3)"}},
}
QUESTION = {
    "holder": "guardian",
    "nl": "nu een maatregel bij de GI?",
    "en": "a measure at the guardianship organisation now?",
    "answer_codes": ["yes", "no", "not_determinable"],
    "flags": [],
    "desk": None,
    "under_12": True,
}


def name_it(catalogue: Any, matrix: Any) -> None:
    """Steps 1 and 2 of the README's recipe. The legal bases are those of another row: a test is no law."""
    catalogue["partners"]["guardian"] = PARTNER
    for field in ("requester.partner", "holder"):
        catalogue["vocabulary"][field].append("guardian")
    catalogue["secrecy"]["guardian"] = "Jeugdwet 7.3.11"
    catalogue["vocabulary"]["question"].append("guardian.known")
    catalogue["questions"]["guardian.known"] = QUESTION
    matrix["asking_roles"]["guardian"] = ["participant"]
    matrix["receivers"]["guardian"] = ["avg_informs", "holder_records"]
    row = json.loads(json.dumps(matrix["rules"]["A06"]))
    del row["subjects"]["parent"]
    row |= {"source": "a test", "desk": False}
    matrix["rules"]["G01"] = {**row, "id": "G01"}
    matrix["rules"]["G02"] = {
        **row,
        "id": "G02",
        "mode": "human",
        "purposes": ["interpret"],
        "legal_bases": {"guardian": ["in_rvdk", "out_rvdk"]},
    }
    matrix["cells"]["veilig_thuis"]["guardian.known"] = ["G01"]
    matrix["cells"]["guardian"] = {"rvdk.known": ["G02"]}


def hand_out(folder: Path, change: Callable[[Any, Any], object]) -> Path:
    """A copy of the hand-out in which catalogue and matrix were changed."""
    copy = Path(shutil.copytree(_ROOT / "policies" / "handout", folder / "handout"))
    places = [copy / part / "data.json" for part in ("catalogue", "matrix")]
    catalogue, matrix = (json.loads(place.read_text(encoding="utf-8")) for place in places)
    change(catalogue, matrix)
    for place, data in zip(places, (catalogue, matrix), strict=True):
        place.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return copy
