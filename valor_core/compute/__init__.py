"""Where heavy work runs: here, in processes of this machine, or on a Dask cluster.

`concurrent.futures.Executor` is the whole contract. Work goes out as references (which companies,
which chunk of which seed) and comes back in its order, so that it is the same bytes everywhere.
"""
