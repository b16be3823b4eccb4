"""What a network returned: the tensors in it, which of them tells what it names, and what its numbers mean."""

from cnnviewer.returned.choosing import Chosen, choose
from cnnviewer.returned.tensors import named_tensors

__all__ = ["Chosen", "choose", "named_tensors"]
