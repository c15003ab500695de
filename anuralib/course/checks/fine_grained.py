"""Checks of the exercises in the chapter *Fine-grained: which of two look-alikes was it?*."""

import numpy as np

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_number, run_function
from anuralib.pond.calls import call_types


@exercise("fine-grained.1")
def _shares(answer):
    return expect_number(answer, 0.85, tol=1e-6, hints={
        0.825: _("that is the share of all windows, in which the more frequent species counts more"),
        0.8: _("that is species A alone; take the mean of both"),
        0.9: _("that is species B alone; take the mean of both"),
        1.7: _("that is the sum of both species; divide by two"),
        85: _("give a share between 0 and 1, not a percentage"),
    })  # fmt: skip


@exercise("fine-grained.2")
def _apart(answer):
    kinds = call_types()
    homes = {code: set(sites.split()) for code, sites in kinds["sites"].items()}
    named = [(code, other) for code, other in kinds["lookalike"].items() if other]
    pairs = {frozenset(pair) for pair in named}
    right = sum(not set.intersection(*(homes[code] for code in pair)) for pair in pairs)
    return expect_number(answer, right, tol=0.1, hints={
        sum(not homes[code] & homes[other] for code, other in named):
            _("a pair in which each names the other is counted twice there"),
        len(pairs) - right: _("that is the number of pairs that share a site"),
        len(pairs): _("that is the number of all pairs"),
        sum(homes[a] != homes[b] for a, b in map(tuple, pairs)):
            _("that counts pairs whose sites differ; a pair shares a site if one of them is the same"),
    })  # fmt: skip


@exercise("fine-grained.3")
def _pair_auroc(answer):
    rng = np.random.default_rng(5)
    calls_a, calls_b = rng.integers(0, 2, (2, 60))
    logit_a, logit_b = rng.normal(0, 1, 60) + calls_a, rng.normal(0, 1, 60) + 0.3 * calls_a

    def auroc(rows, score):
        yes, no = score[rows & (calls_a == 1)], score[rows & (calls_a == 0)]
        return float((yes[:, None] > no).mean())

    one, gap = calls_a != calls_b, logit_a - logit_b
    got = run_function(answer, calls_a, logit_a, calls_b, logit_b)
    hints = {
        auroc(one, logit_a): _("that ranks by the first species alone; take the difference of the logits"),
        auroc(calls_a >= 0, gap): _("that counts all windows; keep those in which exactly one of the two calls"),
        auroc((calls_a + calls_b) > 0, gap): _("windows with both are counted, too; exactly one may call"),
        1 - auroc(one, gap): _("the other way round: a high difference should mean the first species"),
        auroc(one, logit_b): _("that ranks by the second species alone; take the difference of the logits"),
    }
    return expect_number(got, auroc(one, gap), tol=1e-6, hints=hints)
