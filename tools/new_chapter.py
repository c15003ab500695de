"""Write the skeleton of a chapter that keeps the form, with its check, wrong answers and teachers' entry.

    python tools/new_chapter.py part/name

The skeleton is a small chapter about decibels that runs. Write over it; what is still to be written says TODO.
"""

import argparse
import keyword
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
NOT_PARTS = ("locale", "reference", "teach")  # folders of the book that hold no lessons

PAGE = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

(@part@-@name@)=
# What do we learn about @words@?

:::{admonition} What you will be able to do
:class: objectives
- TODO: three things that a learner can do afterwards, and that the exercises show
- compute the level of a sound in decibels
- predict what a change of the level does to the amplitude

**Time** 35 minutes. **Needs** [the pond](../listen/pond.md).
:::

```{code-cell} ipython3
import matplotlib.pyplot as plt
import numpy as np

import anuralib as al

rng = np.random.default_rng(4)
kind = al.call_types().loc["LONTRI"]
call = al.synthesise_call(kind, al.draw_individual(rng), rng)
call = np.pad(0.1 * call / np.abs(call).max(), 5000)
al.player(call, simulated=True, title="a long trill")
```

TODO: what the reader hears, and the question that it raises. All sounds of this chapter are **simulated**.

```{code-cell} ipython3
---
mystnb:
  image:
    alt: TODO, for who can't see it. A spectrogram of a trill, short vertical strokes at even distances.
  figure:
    name: fig-@name@-trill
    caption: A long trill; what to look at. Simulated.
---
figure, ax = plt.subplots(figsize=(8, 3), layout="constrained")
al.plot_spectrogram(call, ax=ax);
```

## The idea

TODO: the idea in words, before any formula. The ear goes by ratios, and so does a level.

## The formula

The level of an amplitude $a$, as a part of full scale, is

$$ L = 20 \\log_{10} a . $$

It is in decibels below full scale (dBFS).

## In code

```{code-cell} ipython3
peak = np.abs(call).max()
level_db = 20 * np.log10(peak)
print(f"the loudest sample: {peak:.2f} of full scale, {level_db:.0f} dBFS")
```

:::{admonition} In the paper
:class: in-the-paper
TODO: how the paper does it. AnuraSet has 22,050 samples a second {cite:p}`canas2023anuraset`.
:::

## Exercises

:::{exercise} One amplitude · warm up, compute
:label: @name@-1

An amplitude is a tenth of full scale. What is its level in dBFS?
:::

```{code-cell} ipython3
:tags: [exercise-stub, remove-output]

answer = ...
al.check("@name@.1", answer)
```

:::{solution-start} @name@-1
:class: dropdown
:::

```{code-cell} ipython3
answer = 20 * np.log10(0.1)
assert al.check("@name@.1", answer)
```

The level of what is softer than full scale is negative.

:::{solution-end}
:::

:::{exercise} Any amplitude · core, mend
:label: @name@-2

This function should give the level of an amplitude in dBFS. It runs, and it is wrong. Mend it.
:::

```{code-cell} ipython3
:tags: [exercise-stub, remove-output]

def in_decibels(amplitude):
    return 10 * np.log10(amplitude)


al.check("@name@.2", in_decibels)
```

:::{solution-start} @name@-2
:class: dropdown
:::

```{code-cell} ipython3
def in_decibels(amplitude):
    return 20 * np.log10(amplitude)


assert al.check("@name@.2", in_decibels)
```

The factor 10 belongs to powers, which go with the square of the amplitude.

:::{solution-end}
:::

:::{exercise} Louder · further, predict
:label: @name@-3

You make a recording 6 dB louder. What becomes of its amplitude: nearly `"the same"`, `"doubled"` or `"six times"`?
Guess before you compute.
:::

```{code-cell} ipython3
:tags: [exercise-stub, remove-output]

answer = ...
al.check("@name@.3", answer)
```

:::{solution-start} @name@-3
:class: dropdown
:::

```{code-cell} ipython3
answer = "doubled"
assert al.check("@name@.3", answer)
10 ** (6 / 20)
```

:::{solution-end}
:::

## Quiz

**1. What is the level of full scale?**

:::{dropdown} 0 dBFS
:class-container: quiz-answer quiz-right

**Right.** The logarithm of 1 is 0.
:::

:::{dropdown} 1 dBFS
:class-container: quiz-answer

**Not quite.** The amplitude is 1; its level is the logarithm of that.
:::

:::{dropdown} 100 dBFS
:class-container: quiz-answer

**Not quite.** A level is no percentage.
:::

**2. Two amplitudes have the ratio ten. How far apart are their levels?**

:::{dropdown} 10 dB
:class-container: quiz-answer

**Not quite.** That is for powers.
:::

:::{dropdown} 20 dB
:class-container: quiz-answer quiz-right

**Right.** Wherever they lie, only the ratio counts.
:::

:::{dropdown} It depends on the louder one
:class-container: quiz-answer

**Not quite.** The same ratio is the same distance in decibels.
:::

**3. What is the level of silence, where every sample is zero?**

:::{dropdown} 0 dBFS
:class-container: quiz-answer

**Not quite.** That is full scale.
:::

:::{dropdown} That of one step
:class-container: quiz-answer

**Not quite.** That is the level of one step, and zero is less than a step.
:::

:::{dropdown} It has none
:class-container: quiz-answer quiz-right

**Right.** Zero has no logarithm.
:::

## What to remember

:::{admonition} In three lines
:class: take-away
- TODO: three lines that stay when all else is forgotten.
- A level counts ratios.
- Twice the amplitude is about 6 dB more.
:::

## Further reading

TODO: what to read next, and what for. {cite:t}`merchant2015` on measuring levels of sound.
"""

CHECKS = '''\
"""Checks of the exercises of the chapter "@part@/@name@"."""

from anuralib.course.exercises import exercise, expect_choice, expect_number, run_function
from anuralib._language import text as _


@exercise("@name@.1")
def _@module@_1(answer):
    return expect_number(answer, -20, tol=1e-6, hints={
        -10: _("The factor 10 belongs to powers; an amplitude has 20."),
        -1: _("That is the logarithm; multiply it by 20."),
        20: _("What is softer than full scale has a negative level."),
    })  # fmt: skip


@exercise("@name@.2")
def _@module@_2(answer):
    hint = expect_number(run_function(answer, 0.01), -40, tol=1e-6, hints={
        -20: _("The factor 10 belongs to powers; an amplitude has 20."),
        -2: _("That is the logarithm; multiply it by 20."),
        40: _("What is softer than full scale has a negative level."),
    })  # fmt: skip
    return hint or expect_number(run_function(answer, 1.0), 0, tol=1e-9)


@exercise("@name@.3")
def _@module@_3(answer):
    return expect_choice(answer, "doubled", ("the same", "doubled", "six times"), {
        "the same": _("What is louder has a larger amplitude."),
        "six times": _("Decibels are no factors: solve 20 log10(factor) = 6."),
    })  # fmt: skip
'''

WRONG_ANSWERS = '''\
"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np

WRONG = [
    ("@name@.1", 10 * np.log10(0.1), "belongs to powers"),
    ("@name@.1", 20.0, "negative level"),
    ("@name@.2", lambda amplitude: 10 * np.log10(amplitude), "belongs to powers"),
    ("@name@.2", lambda amplitude: -20 * np.log10(amplitude), "negative level"),
    ("@name@.3", "the same", "larger amplitude"),
    ("@name@.3", "six times", "no factors"),
]
'''

TEACHERS = """\
  @part@/@name@:
    minutes: {read: 20, run: 15, discuss: 15}
    objectives:
      - @name@-1: compute the level of a sound in decibels
      - @name@-2: mend a function that is wrong
      - @name@-3: predict what a change of the level does to the amplitude
    misconceptions:
      - @name@-1: A level is a percentage.
      - @name@-2: Powers and amplitudes have the same factor.
      - @name@-3: Six decibels are six times as much.
    prompts:
      - TODO, a question that a class can talk about for a quarter of an hour.
"""

LEFT = """\
Left to do by hand:
1. Name the chapter in book/_toc.yml: "- file: @part@/@name@", as the last of its part.
2. Write over the skeleton. What is still to be written: grep -rn TODO book/@part@/@name@.md teach/chapters.yml
3. .venv/bin/python tools/write_pages.py, for the teachers' page
4. make messages, for the translators
5. make test
"""


def filled(template, part, name):
    """A template with the chapter's names in it."""
    places = {"part": part, "name": name, "module": name.replace("-", "_"), "words": name.replace("-", " ")}
    return re.sub(r"@(\w+)@", lambda place: places[place[1]], template)


def with_entry(chapters, part, entry):
    """The text of chapters.yml with one more entry: after the last one of its part, where the book will have it too."""
    lines = chapters.splitlines(keepends=True)
    begins = [n for n, line in enumerate(lines) if re.match(r"  \S", line)]
    ours = [n for n in begins if lines[n].startswith(f"  {part}/")]
    following = [n for n in begins if ours and n > ours[-1]]
    if following:
        return "".join([*lines[: following[0]], entry, "\n", *lines[following[0] :]])
    return chapters.rstrip("\n") + "\n\n" + entry


def skeleton(root, docname):
    """{path: text} of all that a new chapter needs; ValueError for a name that can't be one."""
    part, _, name = docname.partition("/")
    if not (NAME.fullmatch(part) and NAME.fullmatch(name)):
        raise ValueError(f"{docname!r}: write part/name in small letters, digits and hyphens, as listen/sound")
    if part in NOT_PARTS:
        raise ValueError(f"{part} holds no chapters with exercises; take another part")
    module = name.replace("-", "_")
    if keyword.iskeyword(module):
        raise ValueError(f"{name} is a word of Python, and the check's module has the chapter's name; take another")
    # Labels of exercises begin with the chapter's name alone, so it is the only one of that name in the whole book.
    for old in sorted((root / "book").rglob("*.md")):
        if old.stem == name and "_build" not in old.parts:
            raise ValueError(f"there is a chapter of that name: {old.relative_to(root).as_posix()}")
    teachers = root / "teach" / "chapters.yml"
    new = {
        root / "book" / part / f"{name}.md": PAGE,
        root / "anuralib" / "course" / "checks" / f"{module}.py": CHECKS,
        root / "tests" / "course" / "wrong_answers" / f"{module}.py": WRONG_ANSWERS,
    }
    for path in new:
        if path.exists():
            raise ValueError(f"{path.relative_to(root).as_posix()} is there already; take another name")
    entry = with_entry(teachers.read_text(encoding="utf-8"), part, filled(TEACHERS, part, name))
    return {path: filled(template, part, name) for path, template in new.items()} | {teachers: entry}


def write(files):
    """Write all files, or, where one can't be written, leave everything as it was."""
    before = {path: path.read_bytes() if path.is_file() else None for path in files}
    folders = [path.parent for path in files if not path.parent.is_dir()]
    try:
        for path, text in files.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except BaseException:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != content:
                path.write_bytes(content)
        for folder in folders:
            if folder.is_dir():
                folder.rmdir()
        raise


def main(arguments=None, root=ROOT):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", metavar="part/name", help="as annotate/weak-labels: a folder of the book, and a file")
    docname = parser.parse_args(arguments).name
    try:
        files = skeleton(root, docname)
    except ValueError as error:
        sys.exit(str(error))
    write(files)
    for path in files:
        print(f"wrote {path.relative_to(root).as_posix()}")
    print(filled(LEFT, *docname.split("/")), end="")


if __name__ == "__main__":
    main()
