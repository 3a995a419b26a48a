"""A synthetic operator with known truths planted in it."""

from cxlib.demo.build import Demo, build_demo, build_log
from cxlib.demo.install import install_demo
from cxlib.demo.truth import Truth

__all__ = ["Demo", "Truth", "build_demo", "build_log", "install_demo"]
