"""Ponds of a few seconds whose sound is synthesised once in a process; everything else is done as ever."""

from anuralib.pond import simulate

_RENDERED = {}


def render_once(patch):
    """Let `simulate` remember each recording that it renders: it is made of its arguments alone."""
    real = simulate.render_recording

    def remembered(scene, singers, duration_s, seed):
        key = (str(scene), singers.to_csv(), duration_s, seed)
        if key not in _RENDERED:
            _RENDERED[key] = real(scene, singers, duration_s, seed)
        sound, truth = _RENDERED[key]
        return sound.copy(), truth.copy()

    patch.setattr(simulate, "render_recording", remembered)
