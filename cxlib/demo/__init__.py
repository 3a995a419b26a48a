"""A synthetic operator with known truths planted in it."""

from cxlib.demo.build import Demo, Truth, build_demo
from cxlib.demo.install import install_demo

__all__ = ["Demo", "Truth", "build_demo", "install_demo"]
