"""For tests and the demo only: lets an unmodified `python -m torchtitan.train` run on a machine without GPUs.

Python imports this module when it starts, if its folder stands in PYTHONPATH. tt_cpu.py (templates/torchtitan) lies beside
it then.
"""

import sys

words = getattr(sys, "orig_argv", [])
if "-m" in words[:4] and words[words.index("-m") + 1] == "torchtitan.train":
    import tt_cpu

    tt_cpu.install()
