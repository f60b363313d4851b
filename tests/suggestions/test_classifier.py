"""The classifier by itself: pieces, training, held-out measures, storage, reasons."""

import hashlib
import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from townkeeper.suggestions import training
from townkeeper.suggestions.classifier import (
    BrokenModelError,
    load_classifier,
    save_classifier,
    softmax,
)
from townkeeper.suggestions.training import Example, TooFewError, macro_f1, train
from townkeeper.suggestions.words import grams, normalised, runs, widened

KINDS = {
    "refuse": ["垃圾堆積", "垃圾沒人清運", "門口遍地垃圾", "垃圾桶滿了"],
    "stall": ["流動攤販佔道", "小販擺攤", "攤販堵住路口", "夜市攤檔佔人行道"],
    "noise": ["施工噪音擾民", "半夜噪音太大", "噪音吵得睡不着", "喇叭噪音"],
}
PLACES = ["市場", "小區", "學校", "車站", "公園", "橋頭", "巷子", "廣場"]


def examples(n=150, seed=7):
    chance = random.Random(seed)  # noqa: S311
    rows = []
    for _ in range(n):
        kind = chance.choice(list(KINDS))
        words = chance.choice(KINDS[kind])
        title = f"{chance.choice(PLACES)}{words}"
        rows.append(Example(title, f"\n\t\t{chance.choice(PLACES)}附近{words}，請處理。", kind))
    return rows


@pytest.fixture(scope="module")
def model():
    return train(examples(), trained_at="2026-11-22T09:00:00+00:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ＡＢＣ１２", "abc0"), ("2019年4月", "0年0月"), ("Straße", "strasse"), ("", "")],
)
def test_numbers_width_and_case_do_not_matter(text, expected):
    assert normalised(text) == expected


def test_pieces_do_not_cross_punctuation():
    assert grams(["垃圾堆"]) == ["垃", "圾", "堆", "垃圾", "圾堆", "垃圾堆"]
    assert runs("甲，乙", "\n\t丙 丁") == ["甲", "乙", "甲", "乙", "丙", "丁"]


def test_of_a_long_text_the_beginning_is_read():
    assert runs("", "好" * 7000) == ["好" * 600]


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_has_pieces_of_at_most_three(title, text):
    assert all(1 <= len(gram) <= 3 for gram in grams(runs(title, text)))


def test_it_learns_and_says_how_well(model):
    found = model.measured
    assert found.cases == 150
    assert found.categories == 3
    assert found.top_1 > 0.95
    assert found.top_3 == 1.0
    assert found.baseline < 0.5
    assert sum(band["cases"] for band in found.bands) == 150


def test_reasons_are_words_of_the_text_that_speak_for_the_category(model):
    best = model.guess("橋頭有人擺攤", "小販佔道，垃圾不多。")[0]
    assert best.label == "stall"
    assert best.confidence > 0.5
    assert best.words
    assert all(word in "橋頭有人擺攤，小販佔道，垃圾不多。" for word in best.words)


def test_confidences_are_shares(model):
    found = model.guess("市場", "", limit=3)
    assert 0 < sum(guess.confidence for guess in found) <= 1.001
    assert [g.confidence for g in found] == sorted((g.confidence for g in found), reverse=True)


def test_words_never_seen_are_no_ground_for_anything(model):
    assert model.guess("zzzz", "") == []
    assert model.guess("", "") == []


def test_it_answers_as_scikit_learn_does(monkeypatch):
    """Our use of the weights is the library's decision function."""
    kept = {}
    from sklearn.svm import LinearSVC

    plain = LinearSVC.fit

    def remember(self, matrix, labels):
        kept["machine"], kept["matrix"] = self, matrix
        return plain(self, matrix, labels)

    monkeypatch.setattr(LinearSVC, "fit", remember)
    rows = examples(120)
    model = training.fitted(rows, sorted(KINDS), trained_at="")
    theirs = kept["machine"].decision_function(kept["matrix"])
    ours = np.array([model.scores(row.title, row.text) for row in rows])
    assert np.allclose(ours, theirs, atol=1e-4)


def test_two_categories_have_a_score_each():
    rows = [row for row in examples(260) if row.label != "noise"]
    model = train(rows, trained_at="2026-11-22")
    assert model.measured.top_1 > 0.95
    assert model.guess("垃圾堆積", "")[0].label == "refuse"


def test_a_rare_category_is_left_out_and_counts_as_wrong():
    rows = [*examples(), *[Example("路燈不亮", "", "lamp")] * 3]
    model = train(rows, trained_at="2026-11-22")
    assert model.labels == ("noise", "refuse", "stall")
    assert model.measured.left_out == 1
    assert model.coverage == pytest.approx(150 / 153)
    assert model.measured.top_3 == pytest.approx(150 / 153, abs=1e-4)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        examples(99),
        [Example("垃圾", "", "refuse")] * 200,
        [*[Example("垃圾", "", "refuse")] * 200, *[Example("攤", "", "stall")] * 4],
    ],
    ids=["none", "99", "one category", "the second too small"],
)
def test_too_few_cases_teach_nothing(rows):
    with pytest.raises(TooFewError):
        train(rows, trained_at="")


def test_many_cases_are_held_out_once(monkeypatch):
    monkeypatch.setattr(training, "FOLDS", ((10, 10),))
    steps = []
    model = train(examples(), trained_at="", progress=steps.append)
    assert model.measured.folds == 1
    assert sum(band["cases"] for band in model.measured.bands) == 30
    assert len(steps) == 2


def test_what_is_stored_is_what_was_trained(model, tmp_path):
    saved = save_classifier(model, tmp_path, "category")
    again = load_classifier(tmp_path / "category.json")
    assert again.version == saved.version
    assert again.version.startswith("2026-11-22-")
    assert again.measured == model.measured
    assert again.guess("小販擺攤", "") == model.guess("小販擺攤", "")
    said = json.loads((tmp_path / "category.json").read_text())
    data = (tmp_path / said["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == said["digest"]


def test_older_files_are_cleared_away_but_one(tmp_path):
    for n in (110, 120, 130, 140):
        save_classifier(train(examples(n), trained_at="2026-11-22"), tmp_path, "category")
    assert len(list(tmp_path.glob("*.npz"))) == 2


@pytest.mark.parametrize("how", ["text", "digest", "missing", "shape", "format", "pickle"])
def test_a_broken_file_is_told(model, tmp_path, how):
    save_classifier(model, tmp_path, "category")
    path = tmp_path / "category.json"
    said = json.loads(path.read_text())
    file = tmp_path / said["file"]
    if how == "text":
        path.write_text("{")
    elif how == "digest":
        file.write_bytes(file.read_bytes() + b"x")
    elif how == "missing":
        del said["labels"]
    elif how == "shape":
        said["labels"].append("more")
    elif how == "format":
        said["format"] = 9
    else:
        np.savez(file, weights=np.array([{}], dtype=object))
        said["digest"] = hashlib.sha256(file.read_bytes()).hexdigest()
    if how != "text":
        path.write_text(json.dumps(said))
    with pytest.raises(BrokenModelError):
        load_classifier(path)


def test_a_reason_grows_to_the_word_around_it():
    weights = {"垃圾": 1.0, "垃圾堆": 0.8, "圾堆積": 0.5, "門口垃": 0.01}
    assert widened("垃圾", ["門口垃圾堆積了"], weights) == "垃圾堆積"
    assert widened("tre", ["street"], {"tre": 1.0}) == "street"
    assert widened("無", ["有"], {}) == "無"


def test_macro_f1_is_the_mean_over_labels():
    truth, said = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1])
    assert macro_f1(truth, said, 3) == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_softmax_gives_shares_of_one(scores):
    assert softmax(np.array(scores, np.float32)).sum() == pytest.approx(1, abs=1e-4)
