"""What a shop knows, on one screen: how `imgrec index` and `imgrec open` end."""

from collections.abc import Mapping

from imgrec.commands.console import print_text, table
from imgrec.figures import Estimate, counted
from imgrec.search.build import IndexReport
from imgrec.search.generation import IndexRecord, Knowledge
from imgrec.search.meaning import NOTHING_TO_GO_BY

_VIEWS = {"shop": "of the shop's photos", "telephone": "as telephones take them"}
_RIGHT = {"kind": "of the query's kind", "category": "of the query's category", "product": "the very product"}
_MOST_CATEGORIES = 12


def show_index(report: IndexReport) -> None:
    """Photos, categories, how good it is to be expected, what the threshold shows, and where to look."""
    record = report.record
    shown = table(f"Index {report.generation}", "", "")
    shown.show_header = False
    shown.add_row("photos", _photos(report))
    shown.add_row(
        "looked at by", f"{record.model_name} ({record.model_sha256[:12]}), {' and '.join(record.arithmetic)}"
    )
    shown.add_row("categories", _categories(record))
    for name, words in figures_in_words(record.knowledge):
        shown.add_row(name, words)
    print_text(shown)


def figures_in_words(knowledge: Knowledge) -> list[tuple[str, str]]:
    """What is expected of it, estimated when it was built, as names and words."""
    expected = knowledge.expected
    rows = []
    if knowledge.labels:
        if expected.category:
            rows.append(("recognised", _by_view(expected.category)))
        weakest = ", ".join(f"{name} {share:.0%}" for name, share in expected.weakest if share < 1)
        rows.append(("", _told_by(knowledge) + (f"; weakest: {weakest}" if weakest else "")))
    if expected.kind_in_first_10:
        rows.append(("same kind first", _by_view(expected.kind_first)))
        rows.append(("among ten", _by_view(expected.kind_in_first_10)))
    if expected.product_first is not None:
        rows.append(("very product first", f"{expected.product_first} as telephones take them"))
    rows.append(("shows", _threshold(knowledge)))
    if expected.note:
        rows.append(("note", expected.note))
    return rows


def _told_by(knowledge: Knowledge) -> str:
    softmax = "by the model's own softmax" if knowledge.head == "own" else "by a softmax fitted on these photos"
    return f"{softmax} and by the nearest of them" if knowledge.hears_neighbours else softmax


def _photos(report: IndexReport) -> str:
    left_out = f"; {report.unreadable:,} unreadable and left out" if report.unreadable else ""
    if not report.changed:
        return f"{report.photos:,}, up to date{left_out}"
    copies = f", {counted(report.copies, 'copy', 'copies')} of one of these" if report.copies else ""
    return f"{report.photos:,}: {report.computed:,} looked at, {report.reused:,} known before{copies}{left_out}"


def _categories(record: IndexRecord) -> str:
    if not record.categories:
        return "none: the whole catalogue is searched"
    sizes = sorted(((end - start, name) for name, (start, end) in record.rows.items()), reverse=True)
    named = ", ".join(f"{name} {size:,}" for size, name in sizes[:_MOST_CATEGORIES])
    more = f", and {len(sizes) - _MOST_CATEGORIES} more" if len(sizes) > _MOST_CATEGORIES else ""
    loose = record.photos - sum(size for size, _ in sizes)
    return f"{len(sizes)}: {named}{more}{f'; without one: {loose:,}' if loose else ''}"


def _threshold(knowledge: Knowledge) -> str:
    if knowledge.threshold_rule == NOTHING_TO_GO_BY:
        return f"whatever has a similarity of {knowledge.threshold:.3f} or more, for there are too few photos to go by"
    likeness = knowledge.likeness.of(knowledge.threshold)
    line = f"what is {likeness:.0%} alike or more (similarity {knowledge.threshold:.3f})"
    right = knowledge.expected.shown_right
    if right is None or right.value is None:
        return line
    return f"{line}: {right} of it is {_RIGHT[knowledge.likeness.truth]}"


def _by_view(estimates: Mapping[str, Estimate]) -> str:
    return ", ".join(f"{estimate} {_VIEWS[view]}" for view, estimate in estimates.items())
