"""Makes the workbench tests' own modules (`fake_engine`, `viser_client`) importable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
