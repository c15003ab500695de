"""Other recordings than the pond in a learner's notebook: cells that need the pond are skipped, with a word.

The first cell of such a notebook sets `DATA` and loads this module as an extension of IPython. From then on a cell
that begins with the line `MARK` runs only where `DATA` is "pond".
"""

from anuralib._language import text as _

MARK = "# pond only"


def load_ipython_extension(shell):
    """What `%load_ext anuralib.course.switch` calls."""

    def choose(lines):
        if not lines or lines[0].strip() != MARK or shell.user_ns.get("DATA", "pond") == "pond":
            return lines
        return [f"print({skipped()!r})\n"]

    shell.input_transformers_cleanup.append(choose)


def skipped():
    return _('Skipped: this cell is made for the simulated pond, and runs with DATA = "pond".')
