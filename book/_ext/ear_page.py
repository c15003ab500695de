"""Ear training on a page: the clips are made once, from the simulator, and fetched when a reader plays them."""

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
from course_settings import course_root
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

FOLDER = "ear"  # in _static of the English site
# What a network and the second annotator said to the clips: made by benchmarks/bench_ear.py.
PEERS = Path("benchmarks") / "results" / "bench_ear.csv"


def kept_clips():
    """(folder, list) of the pond's clips: made anew where the package's code of them is another."""
    from anuralib._files import cache_dir, locked, write_text
    from anuralib.pond import calls, scenes
    from anuralib.show import ear, player

    sources = b"".join(Path(module.__file__).read_bytes() for module in (calls, scenes, ear, player))
    folder = cache_dir() / "ear" / hashlib.sha256(sources).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        if not (folder / "clips.json").is_file():  # written last
            write_text(json.dumps(ear.write_clips(ear.pond_clips(), folder)), folder / "clips.json")
    return folder, json.loads((folder / "clips.json").read_text(encoding="utf-8"))


def compared(clips, path):
    """The clips with the answers of a table, where it speaks of the same clip."""
    table = pd.read_csv(path, comment="#", keep_default_na=False)
    said = {(row.clip, row.answer): {"network": row.network, "annotator": row.annotator} for row in table.itertuples()}
    return [clip | said.get((clip["clip"], clip["answer"]), {}) for clip in clips]


def types_in(translation):
    """The cards' names and words in the language of a translation, or in English where it is none."""
    from anuralib._language import current_language, use_language
    from anuralib.show.ear import describe_types

    before = current_language()
    use_language(translation or "en")
    try:
        return describe_types()
    finally:
        use_language(before)


class Ear(SphinxDirective):
    """The wall of calls, the drill and the memory."""

    def run(self):
        if self.env.app.builder.format != "html":
            return []
        peers = course_root(self.env.srcdir) / PEERS
        self.env.note_dependency(str(peers))
        from anuralib.show.ear import ear_markup

        up = self.env.docname.count("/") + (1 if self.config.anura_translation else 0)
        base = f"{'../' * up}_static/{FOLDER}/"
        clips, types = compared(kept_clips()[1], peers), types_in(self.config.anura_translation)
        markup = ear_markup(clips, types, base=base, simulated=True)
        return [nodes.raw("", markup, format="html")]


def copy_clips(app, exception):
    if exception is None and app.builder.format == "html" and not app.config.anura_translation:
        folder, out = kept_clips()[0], Path(app.outdir) / "_static" / FOLDER
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(folder, out, ignore=shutil.ignore_patterns("*.json", ".*", "*.lock"))


def setup(app):
    app.add_directive("ear", Ear)
    app.connect("build-finished", copy_clips)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
