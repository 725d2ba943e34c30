"""ChEBI-MM: how well models match the modalities of a molecule, and what they learn.

The core evaluation package. It never imports Streamlit; the dashboard (``app.py``, ``pages/``)
sits on top of :mod:`chebimm_core.services`.
"""

__version__ = "0.1.0"
