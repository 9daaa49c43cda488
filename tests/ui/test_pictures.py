"""The pictures of the documentation can be drawn."""

import numpy as np
from PyQt6.QtGui import QImage

from tests.ui.test_light import painted, rgba
from ui.palette import LIGHTS
from ui.pictures import VIEWS, dialogs, lights, on_desk


def test_every_light_is_in_the_picture_and_the_dialogs_have_a_size(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("monitor.sources.microphone.input_devices", list)
    rows = [lights("dark", "normal"), dialogs()]
    for widget in (each for row in rows for each in row):
        qtbot.addWidget(widget)
    on_desk(rows, tmp_path / "lights.png")
    pixels = rgba(QImage(str(tmp_path / "lights.png")))
    assert len(rows[0]) == len(VIEWS)
    for colour in LIGHTS.values():
        assert painted(pixels[:60], colour).any()
    assert np.ptp(pixels[60:].reshape(-1, 4), axis=0)[:3].min() > 100
