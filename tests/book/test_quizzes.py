"""The quizzes ask for understanding: a guess by an option's length or doubt, or a look at the page, does not help."""

import re

import pytest
import test_chapters

# A reader who knows nothing learns soon that the doubtful option, or the long one, is right: unless it is not.
SCEPTICAL = re.compile(
    r"\b(no|not|none|nothing|nobody|never|neither|nor|can't|cannot|only|little|depends)\b", re.IGNORECASE
)
OPTION = re.compile(
    r"^:::\{dropdown\} (?P<text>.+)\n:class-container: quiz-answer(?P<right> quiz-right)?$", re.MULTILINE
)


def questions_of(chapter):
    """The questions of a chapter, each a list of (option, whether it is right)."""
    text = test_chapters.text_of(chapter)
    quiz = text[text.index("\n## Quiz") : text.index("\n## What to remember")]
    parts = re.split(r"^\*\*\d\. ", quiz, flags=re.MULTILINE)[1:]
    return [[(m["text"].strip(), bool(m["right"])) for m in OPTION.finditer(part)] for part in parts]


QUESTIONS = [question for chapter in test_chapters.CHAPTERS for question in questions_of(chapter)]


def share_right(chosen):
    """Of the options that a guesser would choose, one for each question or None, the share that is right."""
    chosen = [right for right in chosen if right is not None]
    return sum(chosen) / len(chosen)


def alone(question, picked):
    """Whether the only option that is picked is right, or None where none or several are."""
    found = [right for text, right in question if picked(text)]
    return found[0] if len(found) == 1 else None


def longest(question):
    most = max(len(text) for text, _ in question)
    return alone(question, lambda text: len(text) == most)


def test_at_most_one_question_in_ten_has_two_options():
    assert len(QUESTIONS) >= 80
    assert sum(len(question) < 3 for question in QUESTIONS) <= len(QUESTIONS) / 10


def test_the_longest_option_is_no_hint():
    assert sum(longest(question) is True for question in QUESTIONS) <= 0.45 * len(QUESTIONS)
    assert share_right([longest(question) for question in QUESTIONS]) <= 0.45


def test_the_only_doubtful_option_is_no_hint():
    doubtful = [alone(question, SCEPTICAL.search) for question in QUESTIONS]
    assert sum(d is not None for d in doubtful) >= 10  # there are some to be counted
    assert share_right(doubtful) <= 0.6


def test_the_place_of_an_option_is_no_hint():
    places = [[right for _, right in question].index(True) for question in QUESTIONS]
    assert max(places.count(place) for place in set(places)) <= 0.45 * len(places)


@test_chapters.each_chapter
def test_options_are_about_equally_long(chapter):
    for question in questions_of(chapter):
        lengths = [len(text) for text, _ in question]
        assert max(lengths) - min(lengths) <= 16, question


@test_chapters.each_chapter
def test_no_right_answer_stands_in_the_chapter(chapter):
    text = test_chapters.text_of(chapter)
    above = _words(text[: text.index("\n## Quiz")])
    for question in questions_of(chapter):
        right = _words(next(text for text, right in question if right))
        assert right.count(" ") < 3 or right not in above, right  # a word or a number may stand there


def _words(text):
    return " ".join(re.findall(r"[\w']+", text.lower()))


@pytest.mark.parametrize(
    ("question", "is_longest", "doubtful"),
    [
        ([("Yes", False), ("It can't be told", True)], True, True),
        ([("Nothing at all", False), ("A weak label", True), ("A box", False)], False, False),
        ([("Not yet", False), ("Never", True)], False, None),
        ([("two", True), ("ten", False)], None, None),
    ],
)
def test_the_guesser_is_caught(question, is_longest, doubtful):
    assert longest(question) is is_longest
    assert alone(question, SCEPTICAL.search) is doubtful
