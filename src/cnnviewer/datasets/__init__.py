"""What a network learns from: one file a source.

====================  ==================================================
`datasets.mnist`      the four IDX files of MNIST, or of a set in its form
====================  ==================================================

Each source reads a folder and returns `cnnviewer.datasets.labelled.LabelledImages`.
"""
