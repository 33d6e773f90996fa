"""The tests, and what holds for each of their processes before it imports anything else."""

import os
import sys

# Where bytecode is not kept, every process would compile the product, its libraries and the tests anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Trio's brings all of trio with it, and no property runs under it.
os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"
