"""Reading a page as a browser would, and a failed run to make one of."""

from html.parser import HTMLParser

from pipeproof.model.artifact import Artifact
from pipeproof.model.outcome import Checked, Failure, Frame, Measures, Metric
from pipeproof.model.record import RunRecord, StepRecord

VOID = {"meta", "br", "rect", "line", "path", "circle"}
TABLE = Artifact("table", "d", 1_200, "raw.parquet", 20, (("wind", "number"),))
FAILURE = Failure(
    "exception",
    "PPF201",
    "KeyError",
    "'wind'\nmore of it",
    (Frame("scripts/train.py", 41, "main", "X = table[FEATURES]"),),
    traceback="Traceback (most recent call last):\n  ...\nKeyError: 'wind'\n",
    fix="use another",
)
RUN = RunRecord(
    "r-1",
    "flights",
    "failed",
    {
        "raw": StepRecord(
            "raw", "source", "passed", 1, outputs={"raw": TABLE}, measures=Measures(0.4), started_at=1.5
        ),
        "train": StepRecord(
            "train",
            "script",
            "failed",
            1,
            metrics=(Metric("auc", 0.7),),
            measures=Measures(1.0, 0.9, 10_000_000),
            failure=FAILURE,
            notes=("a note",),
            needs=("raw",),
            reads=("raw",),
            started_at=2.0,
            checked=(Checked("raw", "input", 3, 20),),
        ),
        "score": StepRecord("score", "model", "blocked", why="waits for train", needs=("train",)),
    },
    parameters={"day": "2013-07-03"},
    started_at=1.0,
    seconds=2.5,
    about={"python": "3.11"},
)


class Reader(HTMLParser):
    """What a browser would find: tags with their attributes in order, texts, and what is left open."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.open = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"script", "style"}:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())

    @property
    def shape(self):
        return [(tag, sorted(attributes)) for tag, attributes in self.tags]


def read(page):
    """Return what a browser would find; everything that is opened must be closed."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader
