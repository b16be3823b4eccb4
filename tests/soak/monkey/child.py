"""The process of one seed: ``child.py SEED SECONDS FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

_SOAK = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_SOAK), str(_SOAK.parent)]

from PySide6.QtCore import QTimer  # noqa: E402
from windows import make_app, open_window  # noqa: E402

from monkey.materials import make_materials  # noqa: E402
from monkey.user import User  # noqa: E402


def main() -> None:
    seed, seconds, folder = int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])
    app = make_app(folder)
    materials = make_materials(folder.parent / "materials")
    with open_window(folder, "lenet5", "digit-3") as stage:
        user = User(stage.window, stage.session, materials, folder / "written", stage.trail, seed)
        QTimer.singleShot(round(seconds * 1000), user.end)
        user.ended.connect(stage.loop.quit)
        user.begin()
        stage.loop.exec()
        user.leave()

    from cnnviewer.qt.threads import leave

    del app
    sys.exit(leave(0))


if __name__ == "__main__":
    main()
