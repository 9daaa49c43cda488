"""Somebody else's program: a field to type into and a button. Run with normal, maximised or full; tells its text."""

import json
import signal
import sys

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


app = QApplication(["crm"])
window = QWidget()
window.setWindowTitle("crm")
window.setStyleSheet("background: #f4f1e6")
field, button = QLineEdit(), QPushButton("save")
button.setMinimumHeight(400)
layout = QVBoxLayout(window)
layout.addWidget(button)
layout.addWidget(field)
field.textChanged.connect(lambda text: say(typed=text))
button.clicked.connect(lambda: say(clicked=True))
window.resize(900, 700)
{"normal": window.show, "maximised": window.showMaximized, "full": window.showFullScreen}[sys.argv[1]]()
field.setFocus()
window.activateWindow()
QTimer.singleShot(300, lambda: say(ready=True))
awake = QTimer()  # lets Python hear of signals
awake.timeout.connect(lambda: None)
awake.start(100)
signal.signal(signal.SIGTERM, lambda *_: app.quit())
sys.exit(app.exec())
