"""The pages of the tour, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.qt.panels.learn.convolution_page import ConvolutionPage
from cnnviewer.qt.panels.learn.depth_page import DepthPage
from cnnviewer.qt.panels.learn.famous_page import FamousPage
from cnnviewer.qt.panels.learn.geometry_page import GeometryPage
from cnnviewer.qt.panels.learn.pixels_page import PixelsPage
from cnnviewer.qt.panels.learn.pooling_page import PoolingPage
from cnnviewer.qt.panels.learn.prepared_page import PreparedPage
from cnnviewer.qt.panels.learn.relu_page import ReluPage
from cnnviewer.qt.panels.learn.seen_page import SeenPage
from cnnviewer.qt.panels.learn.softmax_page import SoftmaxPage
from cnnviewer.qt.panels.learn.training_page import TrainingPage
from cnnviewer.qt.panels.learn.whole_page import WholePage

if TYPE_CHECKING:
    from cnnviewer.qt.panels.learn.page import Page

__all__ = ["PAGES"]

PAGES: tuple[type[Page], ...] = (
    PixelsPage,
    ConvolutionPage,
    GeometryPage,
    DepthPage,
    ReluPage,
    PoolingPage,
    PreparedPage,
    SoftmaxPage,
    WholePage,
    TrainingPage,
    SeenPage,
    FamousPage,
)
"""All pages; each is built when it is first shown."""
