"""Work for many: processes (joblib's, or another backend that the caller has chosen) and threads that read ahead."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module


def in_workers(
    function: Callable, jobs: Iterable[tuple], n_jobs: int | None = None, loads: Sequence[str] = ()
) -> Iterator:
    """`function` of each job, by joblib, in order; a job may run twice, so it must leave the same behind.

    `joblib.parallel_config(backend=...)` around the call decides where. A job goes out as one tuple, because joblib's
    Dask backend puts a bare table or array on a single worker first: if that worker dies, nobody can restore it, and
    the whole run fails. What a tuple holds travels with the job and can be sent again.

    Parameters
    ----------
    function : callable
        Of a module, so that it can be sent.
    jobs : iterable of tuple
        The arguments of each call.
    n_jobs : int or None
        None uses all workers.
    loads : sequence of str
        Modules that the work needs and that are large, such as torch: each worker loads them first. Workers are kept
        from one call to the next, and one that had done light work before would grow so much by loading torch that
        joblib takes it for a memory leak and stops it; so workers that load other modules are other workers.

    Returns
    -------
    iterator
        Of the results.
    """
    from joblib import Parallel, delayed

    calls = (delayed(_call)(function, tuple(job)) for job in jobs)
    n_jobs = -1 if n_jobs is None else n_jobs
    return Parallel(n_jobs=n_jobs, return_as="generator", initializer=_load, initargs=tuple(loads))(calls)


def _load(*modules):
    for module in modules:
        import_module(module)


def _call(function, job):
    return function(*job)


def ahead(function, items, n_jobs=None):
    """`function` of each item, in order; threads work ahead, but never by more than they are."""
    n_jobs = n_jobs or os.cpu_count() or 1
    with ThreadPoolExecutor(n_jobs) as pool:
        # A short queue: reading can't run ahead of what uses it and fill the memory.
        queue, rest = deque(), iter(items)
        try:
            for item in rest:
                queue.append(pool.submit(function, item))
                if len(queue) > n_jobs:
                    yield queue.popleft().result()
            while queue:
                yield queue.popleft().result()
        finally:
            for job in queue:
                job.cancel()
