"""Networks in files: one file a format, and one line in `cnnviewer.networks.files.formats`."""
